//! Log lines: one JSON object an event, with the fields of its request.
//!
//! tracing-subscriber's own formatter keeps a span's fields as JSON text, reads all of it again whenever a field is added,
//! and once more for each line. A request's span gets its fields one after the other, so here they are only appended; a field
//! that is there already is cut out first, so that no key stands twice.

use std::fmt::{self, Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// What events of the `log` crate bring beside their message.
const OF_LOG_CRATE: &str = "log.";
const LOG_TARGET: &str = "log.target";
/// Keys of every line. A field of an event that is called so stands under [`RENAMED`] and its name.
const OF_LINE: &[&str] = &["timestamp", "level", "target", "span"];
/// Keys of every `span`, likewise.
const OF_SPAN: &[&str] = &["name"];
const RENAMED: &str = "field.";

/// Formats an event: `timestamp`, `level`, its own fields, `target`, and `span` with the fields of every span around it.
pub(super) struct Line;

/// Formats the fields of a span as the members of an object, without its braces.
pub(super) struct Members;

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        line.write_str(r#"{"timestamp":""#)?;
        SystemTime.format_time(&mut line)?;
        line.write_str(r#"","level":""#)?;
        line.write_str(event.metadata().level().as_str())?;
        line.write_char('"')?;
        let mut members =
            MemberWriter { writer: &mut line, taken: OF_LINE, is_first: false, target: None, outcome: Ok(()) };
        event.record(&mut members);
        let MemberWriter { target, outcome, .. } = members;
        outcome?;
        line.write_str(r#","target":"#)?;
        quote(&mut line, target.as_deref().unwrap_or_else(|| event.metadata().target()))?;
        if let Some(spans) = context.event_scope() {
            let mut name = "";
            line.write_str(r#","span":{"#)?;
            for span in spans.from_root() {
                name = span.name();
                if let Some(fields) = span.extensions().get::<FormattedFields<N>>().filter(|fields| !fields.is_empty())
                {
                    line.write_str(&fields.fields)?;
                    line.write_char(',')?;
                }
            }
            line.write_str(r#""name":"#)?;
            quote(&mut line, name)?;
            line.write_char('}')?;
        }
        line.write_str("}\n")
    }
}

impl<'writer> FormatFields<'writer> for Members {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        write_members(writer, fields, true)
    }

    fn add_fields(&self, current: &'writer mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        fields.record(&mut Forgotten(&mut current.fields));
        let is_first = current.fields.is_empty();
        write_members(current.as_writer(), fields, is_first)
    }
}

fn write_members(mut writer: Writer<'_>, fields: impl RecordFields, is_first: bool) -> fmt::Result {
    let mut members = MemberWriter { writer: &mut writer, taken: OF_SPAN, is_first, target: None, outcome: Ok(()) };
    fields.record(&mut members);
    members.outcome
}

/// Writes `"name":value` for each field, with commas between them.
struct MemberWriter<'a, 'writer> {
    writer: &'a mut Writer<'writer>,
    /// Keys that stand beside these.
    taken: &'static [&'static str],
    is_first: bool,
    /// The target that an event of the `log` crate names.
    target: Option<String>,
    outcome: fmt::Result,
}

impl MemberWriter<'_, '_> {
    fn member(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        if self.outcome.is_ok() && !field.name().starts_with(OF_LOG_CRATE) {
            self.outcome = self.try_member(field.name(), value);
        }
    }

    fn try_member(&mut self, name: &str, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) -> fmt::Result {
        self.writer.write_str(if std::mem::take(&mut self.is_first) { "\"" } else { ",\"" })?;
        if self.taken.contains(&name) {
            self.writer.write_str(RENAMED)?;
        }
        self.writer.write_str(name)?;
        self.writer.write_str("\":")?;
        value(self.writer)
    }
}

/// Cuts the fields that are recorded again out of the members that were written before.
struct Forgotten<'a>(&'a mut String);

impl Visit for Forgotten<'_> {
    fn record_debug(&mut self, field: &Field, _value: &dyn Debug) {
        // Most fields are recorded once.
        if !self.0.contains(field.name()) {
            return;
        }
        // Nowhere else: quotes within a text are escaped, and a text is followed by no colon.
        let key = format!(r#""{}":"#, field.name());
        let Some((before, member)) = self.0.split_once(&key) else { return };
        let after = after_value(member);
        let comma = if before.is_empty() || after.is_empty() { "" } else { "," };
        let rest = format!("{}{comma}{after}", before.trim_end_matches(','));
        *self.0 = rest;
    }
}

/// What stands behind the comma after a value that is no object and no list.
fn after_value(members: &str) -> &str {
    let (mut is_text, mut is_escaped) = (false, false);
    let ends = |sign: char| {
        let ends = sign == ',' && !is_text;
        is_text ^= sign == '"' && !is_escaped;
        is_escaped = sign == '\\' && !is_escaped;
        ends
    };
    members.split_once(ends).map_or("", |(_value, after)| after)
}

impl Visit for MemberWriter<'_, '_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.member(field, |writer| {
            writer.write_char('"')?;
            write!(Escaped(writer), "{value:?}")?;
            writer.write_char('"')
        });
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == LOG_TARGET {
            self.target = Some(value.to_owned());
        }
        self.member(field, |writer| quote(writer, value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.member(field, |writer| write!(writer, "{value}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.member(field, |writer| write!(writer, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.member(field, |writer| write!(writer, "{value}"));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no other numbers.
        self.member(
            field,
            |writer| if value.is_finite() { write!(writer, "{value}") } else { writer.write_str("null") },
        );
    }
}

fn quote(writer: &mut Writer<'_>, text: &str) -> fmt::Result {
    writer.write_char('"')?;
    Escaped(writer).write_str(text)?;
    writer.write_char('"')
}

/// What may not stand in a JSON string (RFC 8259, 7), and what ends a line or turns it round for some reader: controls of
/// the second block, Unicode's separators of lines and paragraphs, directions.
fn must_be_escaped(character: char) -> bool {
    matches!(
        character,
        '"' | '\\' | '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Escapes a text, so that it can neither end a line nor begin another field.
struct Escaped<'a, 'writer>(&'a mut Writer<'writer>);

impl fmt::Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Nearly every text.
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\') {
            return self.0.write_str(text);
        }
        let mut rest = text;
        while let Some(at) = rest.find(must_be_escaped) {
            let (plain, special) = rest.split_at(at);
            self.0.write_str(plain)?;
            let mut special = special.chars();
            match special.next() {
                Some('\n') => self.0.write_str(r"\n")?,
                Some(sign @ ('"' | '\\')) => write!(self.0, "\\{sign}")?,
                Some(control) => write!(self.0, "\\u{:04x}", u32::from(control))?,
                None => {}
            }
            rest = special.as_str();
        }
        self.0.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::tests::Lines;
    use super::*;

    /// Each line as JSON, without its time.
    fn read(lines: &Lines) -> Vec<Value> {
        let line = |line: &str| {
            let mut line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            let time = line.as_object_mut().unwrap().remove("timestamp");
            assert!(time.is_some_and(|time| time.as_str().unwrap().ends_with('Z')));
            line
        };
        lines.text().lines().map(line).collect()
    }

    fn events(hostile: &str) {
        tracing::info!(event = "signup", outcome = "created", duration_ms = 1.5, "done");
        let span = tracing::info_span!(
            "request",
            request_id = "r-1",
            tenant = tracing::field::Empty,
            flow = tracing::field::Empty
        );
        let _entered = span.enter();
        tracing::warn!(count = 3_u64, less = -3_i64, is = true, nothing = f64::NAN, "{hostile}");
        span.record("tenant", hostile);
        span.record("flow", "pro");
        tracing::error!(text = hostile, debug = ?hostile, display = %hostile, empty = "", "über 日本 \u{2028}");
    }

    #[test]
    fn a_line_says_what_the_subscribers_own_formatter_says() {
        let hostile = "a\"b\\c\n\r\t\0\u{1}\u{7f}ü{}\"},{\"level\":\"ERROR\"";
        let (ours, theirs) = (Lines::default(), Lines::default());
        let ours_writes =
            tracing_subscriber::fmt().fmt_fields(Members).event_format(Line).with_writer(ours.clone()).finish();
        tracing::subscriber::with_default(ours_writes, || events(hostile));
        let theirs_writes = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_writer(theirs.clone())
            .finish();
        tracing::subscriber::with_default(theirs_writes, || events(hostile));
        assert_eq!(read(&ours), read(&theirs));
        assert_eq!(read(&ours).len(), 3);
    }

    #[test]
    fn nothing_in_a_line_ends_it_or_turns_it_round_for_any_reader() {
        let lines = Lines::default();
        let writes =
            tracing_subscriber::fmt().fmt_fields(Members).event_format(Line).with_writer(lines.clone()).finish();
        let odd = "a\u{85}b\u{2028}c\u{2029}d\u{202e}e\u{2066}f\u{9b}g";
        tracing::subscriber::with_default(writes, || tracing::info!(utm_source = odd, "signup"));
        assert_eq!(read(&lines)[0]["utm_source"], odd);
        let text = lines.text();
        assert!(text.trim_end().chars().all(|character| character == ' ' || character.is_ascii_graphic()), "{text}");
    }

    #[test]
    fn a_field_that_is_recorded_again_stands_once_with_its_last_value() {
        let lines = Lines::default();
        let writes =
            tracing_subscriber::fmt().fmt_fields(Members).event_format(Line).with_writer(lines.clone()).finish();
        let hostile = r#"a\",\"last\":1,"last":"#;
        tracing::subscriber::with_default(writes, || {
            let empty = tracing::field::Empty;
            let span = tracing::info_span!("request", first = hostile, middle = 1, last = empty);
            let _entered = span.enter();
            for (name, value) in [("last", "x"), ("first", "b,\"c"), ("middle", "2"), ("last", hostile), ("last", "z")]
            {
                span.record(name, value);
                tracing::info!("recorded");
            }
        });
        let read: Vec<Value> = read(&lines).iter().map(|line| line["span"].clone()).collect();
        let expected = serde_json::json!({"first": "b,\"c", "middle": "2", "last": "z", "name": "request"});
        assert_eq!(read.last().unwrap(), &expected);
        assert_eq!(read[3]["last"], hostile);
        let text = lines.text();
        for key in [r#""first":"#, r#""middle":"#] {
            assert!(text.lines().all(|line| line.matches(key).count() == 1), "{text}");
        }
        assert_eq!(text.lines().last().unwrap().matches(r#""last":"#).count(), 1, "{text}");
    }

    #[test]
    fn a_field_that_is_called_like_a_part_of_the_line_does_not_take_its_place() {
        let lines = Lines::default();
        let writes =
            tracing_subscriber::fmt().fmt_fields(Members).event_format(Line).with_writer(lines.clone()).finish();
        tracing::subscriber::with_default(writes, || {
            let _span = tracing::info_span!("request", name = "n").entered();
            tracing::info!(timestamp = 1, level = "l", target = "t", span = "s", "said");
        });
        let line = &read(&lines)[0];
        assert_eq!((&line["level"], &line["span"]["name"]), (&"INFO".into(), &"request".into()));
        assert!(line["target"].as_str().unwrap().starts_with("signup_gateway::"), "{line}");
        for (field, value) in [("level", "l"), ("target", "t"), ("span", "s")] {
            assert_eq!(line[format!("field.{field}")], value);
        }
        assert_eq!((&line["field.timestamp"], &line["span"]["field.name"]), (&1.into(), &"n".into()));
    }

    #[test]
    fn a_line_within_a_step_still_names_its_request() {
        let lines = Lines::default();
        let writes =
            tracing_subscriber::fmt().fmt_fields(Members).event_format(Line).with_writer(lines.clone()).finish();
        tracing::subscriber::with_default(writes, || {
            let request = tracing::info_span!("request", request_id = "r-1");
            let _request = request.enter();
            let _step = tracing::info_span!("create", operation = "pro").entered();
            tracing::info!("within");
        });
        let expected = serde_json::json!({"request_id": "r-1", "operation": "pro", "name": "create"});
        assert_eq!(read(&lines)[0]["span"], expected);
    }
}
