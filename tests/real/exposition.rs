//! What a metrics endpoint says, as a table.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

/// Metrics as Prometheus reads them.
pub struct Exposition {
    pub types: BTreeMap<String, String>,
    pub described: BTreeSet<String>,
    /// Name of the sample and its labels.
    pub samples: Vec<(String, BTreeMap<String, String>)>,
}

impl Exposition {
    pub fn read(text: &str) -> Self {
        let sample = Regex::new(r"^([a-z_]+)(?:\{(.*)\})? \S+$").unwrap();
        let label = Regex::new(r#"([a-z_]+)="([^"]*)""#).unwrap();
        let comment = |line: &str, kind: &str| -> Option<(String, String)> {
            let (name, rest) = line.strip_prefix(kind)?.trim_start().split_once(' ')?;
            Some((name.to_owned(), rest.to_owned()))
        };
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let samples = lines.map(|line| {
            let found = sample.captures(line).unwrap_or_else(|| panic!("no sample: {line}"));
            let labels = found.get(2).map_or("", |labels| labels.as_str());
            let labels = label.captures_iter(labels).map(|pair| (pair[1].to_owned(), pair[2].to_owned()));
            (found[1].to_owned(), labels.collect())
        });
        Self {
            types: text.lines().filter_map(|line| comment(line, "# TYPE")).collect(),
            described: text.lines().filter_map(|line| comment(line, "# HELP")).map(|(name, _)| name).collect(),
            samples: samples.collect(),
        }
    }

    /// The values of a label, of every series of a metric.
    pub fn values(&self, metric: &str, label: &str) -> BTreeSet<&str> {
        let of_metric = self.samples.iter().filter(|(name, _)| name.starts_with(metric));
        of_metric.filter_map(|(_, labels)| labels.get(label).map(String::as_str)).collect()
    }

    /// The names of the labels of a sample.
    pub fn labels(&self, metric: &str) -> BTreeSet<&str> {
        let of_metric = self.samples.iter().filter(|(name, _)| name == metric);
        of_metric.flat_map(|(_, labels)| labels.keys().map(String::as_str)).collect()
    }
}
