//! An answer, and what a browser would make of it.

use reqwest::header::HeaderMap;
use scraper::{Html, Selector};

/// An answer with its body read.
#[derive(Clone, Debug)]
pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Page {
    pub async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, body: response.text().await.unwrap() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn location(&self) -> &str {
        self.header("location").unwrap_or_else(|| panic!("no Location in a {}: {}", self.status, self.body))
    }

    pub fn html(&self) -> Html {
        Html::parse_document(&self.body)
    }

    /// The texts of all elements a CSS selector finds.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let squeeze = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        self.html().select(&css(selector)).map(|element| squeeze(element.text().collect())).collect()
    }

    /// The values of an attribute of all elements a CSS selector finds.
    pub fn attributes(&self, selector: &str, attribute: &str) -> Vec<String> {
        self.html()
            .select(&css(selector))
            .filter_map(|element| element.value().attr(attribute).map(str::to_owned))
            .collect()
    }

    pub fn title(&self) -> String {
        self.texts("title").concat()
    }

    /// Where the form is posted.
    pub fn action(&self) -> String {
        self.attributes("main form", "action").into_iter().next().expect("the page has a form")
    }

    /// What a browser sends of a form nobody touched: hidden inputs, prefilled and chosen values.
    pub fn fields(&self) -> Vec<(String, String)> {
        let html = self.html();
        let mut fields = Vec::new();
        for element in html.select(&css("main form input, main form select, main form textarea")) {
            let value = element.value();
            let Some(name) = value.attr("name") else { continue };
            let text = match (value.name(), value.attr("type").unwrap_or("text")) {
                ("select", _) => element
                    .select(&css("option[selected]"))
                    .next()
                    .map_or("", |option| option.value().attr("value").unwrap_or_default())
                    .to_owned(),
                ("textarea", _) => element.text().collect(),
                (_, "checkbox" | "radio") if value.attr("checked").is_none() => continue,
                (_, "checkbox") => value.attr("value").unwrap_or("on").to_owned(),
                (_, "submit" | "button") => continue,
                _ => value.attr("value").unwrap_or_default().to_owned(),
            };
            fields.push((name.to_owned(), text));
        }
        fields
    }

    /// What one field of the form holds.
    pub fn value(&self, name: &str) -> Option<String> {
        self.fields().into_iter().find_map(|(field, value)| (field == name).then_some(value))
    }

    /// The names of the fields that the error summary links to.
    pub fn fields_in_error(&self) -> Vec<String> {
        self.attributes("[role=alert] a[href^='#']", "href").iter().map(|href| href[1..].to_owned()).collect()
    }
}

fn css(selector: &str) -> Selector {
    Selector::parse(selector).unwrap()
}
