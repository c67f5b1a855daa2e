//! The sandbox's pages.

use askama::Template;

use super::{
    magic::{ActivationCode, KnownUser, Magic, Mailbox},
    memory::Change,
    turnstile::TestKey,
};

/// Two columns: a name and what stands for it.
pub(super) type Pairs = Vec<(String, String)>;

/// Where a new account is sent: what the studio received, and the steps that follow.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>What the studio received – sandbox studio</title>
<link rel="stylesheet" href="/sandbox.css">
</head>
<body>
<header>
<p class="tag">Sandbox studio</p>
<h1>What the studio received</h1>
<p>This page stands where the studio would welcome a new account. It shows one request exactly as it arrived; only the password is masked.</p>
<p><a href="{{ gateway }}/">Back to the sign-up</a> · <a href="{{ gateway }}/signup/status">Status of the sign-up</a> · <a href="/">All about this sandbox</a></p>
</header>
<main>
<section class="card" aria-labelledby="request">
<h2 id="request">Request</h2>
<p><code>POST {{ path }}</code></p>
<p class="quiet">Received {{ received }}</p>
<p>Outcome: <span class="{% if created %}good{% else %}bad{% endif %}">{{ outcome }}</span></p>
</section>
<section class="card" aria-labelledby="payload">
<h2 id="payload">Payload</h2>
<pre id="received-payload" tabindex="0" role="group" aria-labelledby="payload">{{ payload }}</pre>
</section>
<section class="card" aria-labelledby="headers">
<h2 id="headers">Headers</h2>
<table>
<tbody>
{%- for (name, value) in headers %}
<tr><th scope="row"><code>{{ name }}</code></th><td>{% match value %}{% when Some with (value) %}<code>{{ value }}</code>{% when None %}<span class="quiet">not sent</span>{% endmatch %}</td></tr>
{%- endfor %}
</tbody>
</table>
</section>
<section class="card" aria-labelledby="query">
<h2 id="query">Query string the browser arrived with</h2>
{%- if query.is_empty() %}
<p class="quiet">None.</p>
{%- else %}
<pre id="redirect-query" tabindex="0" role="group" aria-labelledby="query">{{ query }}</pre>
<table>
<tbody>
{%- for (name, value) in query_pairs %}
<tr><th scope="row"><code>{{ name }}</code></th><td><code>{{ value }}</code></td></tr>
{%- endfor %}
</tbody>
</table>
{%- endif %}
</section>
{%- if let Some(account) = account %}
<section class="card" aria-labelledby="account">
<h2 id="account">Account {{ account.id }}</h2>
<p>{{ account.state }}</p>
{%- if !account.changes.is_empty() %}
<p class="quiet">Let time pass for this account, and watch the status page follow:</p>
<div class="buttons">
{%- for change in account.changes %}
<form method="post" action="/studio/welcome/{{ receipt }}/{{ change.slug() }}{% if !query.is_empty() %}?{{ query }}{% endif %}"><button>{{ change.label() }}</button></form>
{%- endfor %}
</div>
{%- endif %}
</section>
{%- endif %}
</main>
</body>
</html>
"#
)]
pub(super) struct WelcomePage<'a> {
    pub(super) gateway: &'a str,
    pub(super) receipt: &'a str,
    pub(super) path: &'static str,
    pub(super) received: String,
    pub(super) outcome: &'a str,
    pub(super) created: bool,
    pub(super) payload: String,
    pub(super) headers: &'a [(&'static str, Option<String>)],
    pub(super) query: &'a str,
    pub(super) query_pairs: Pairs,
    pub(super) account: Option<AccountView>,
}

/// An account as its page tells of it.
pub(super) struct AccountView {
    pub(super) id: u64,
    pub(super) state: String,
    pub(super) changes: Vec<Change>,
}

/// One line about a receipt.
pub(super) struct ReceiptLine {
    pub(super) id: String,
    pub(super) received: String,
    pub(super) plan: &'static str,
    pub(super) username: String,
    pub(super) outcome: String,
}

/// What the sandbox offers, and what it received.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% macro table(id, title, note, rows) %}
<section class="card" aria-labelledby="{{ id }}">
<h2 id="{{ id }}">{{ title }}</h2>
<p class="quiet">{{ note }}</p>
<table>
<tbody>
{%- for (name, meaning) in rows %}
<tr><th scope="row"><code>{{ name }}</code></th><td>{{ meaning }}</td></tr>
{%- endfor %}
</tbody>
</table>
</section>
{% endmacro -%}
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Sandbox studio</title>
<link rel="stylesheet" href="/sandbox.css">
</head>
<body>
<header>
<p class="tag">Sandbox studio</p>
<h1>A stand-in for the studio and for Turnstile</h1>
<p>Everything here lives in memory and is gone with the process. <a href="{{ gateway }}/">Go to the sign-up</a></p>
</header>
<main>
<section class="card" aria-labelledby="received">
<h2 id="received">Sign-ups received</h2>
{%- if receipts.is_empty() %}
<p class="quiet">None yet.</p>
{%- else %}
<table>
<thead><tr><th scope="col">Received</th><th scope="col">Plan</th><th scope="col">Username</th><th scope="col">Outcome</th></tr></thead>
<tbody>
{%- for line in receipts %}
<tr><td><a href="/studio/welcome/{{ line.id }}">{{ line.received }}</a></td><td>{{ line.plan }}</td><td>{{ line.username }}</td><td>{{ line.outcome }}</td></tr>
{%- endfor %}
</tbody>
</table>
{%- endif %}
</section>
{% call table("usernames", "Magic usernames", "A sign-up with one of these brings about its answer. Use another e-mail address each time.", usernames) %}{% endcall %}
{% call table("users", "Known accounts", "A sign-up with one of these usernames leads to that account; its id can also be read directly.", users) %}{% endcall %}
{% call table("codes", "Activation codes", "Looking one up changes nothing. Any other code is unknown.", codes) %}{% endcall %}
{% call table("mailboxes", "Magic mailboxes", "The part of an e-mail address before the @, when the address is validated. Misspelt domains such as gmial.com are invalid with a suggestion.", mailboxes) %}{% endcall %}
{% call table("site-keys", "Turnstile site keys", "Cloudflare's test keys. Any other key behaves like the first.", site_keys) %}{% endcall %}
{% call table("secret-keys", "Turnstile secrets", "Cloudflare's test secrets. Any other secret is a wrong one.", secret_keys) %}{% endcall %}
<section class="card" aria-labelledby="curl">
<h2 id="curl">Without a browser</h2>
<p class="quiet">A fresh challenge token, and an account by its id:</p>
<pre tabindex="0" role="group" aria-labelledby="curl">curl '{{ origin }}/turnstile/token?action=pro&amp;hostname=localhost'
curl -H 'x-api-key: any' '{{ origin }}/v1/api/users/3'</pre>
</section>
</main>
</body>
</html>
"#
)]
pub(super) struct IndexPage<'a> {
    pub(super) origin: &'a str,
    pub(super) gateway: &'a str,
    pub(super) receipts: Vec<ReceiptLine>,
    pub(super) usernames: Pairs,
    pub(super) users: Pairs,
    pub(super) codes: Pairs,
    pub(super) mailboxes: Pairs,
    pub(super) site_keys: Pairs,
    pub(super) secret_keys: Pairs,
}

/// No such page here.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Not found – sandbox studio</title>
<link rel="stylesheet" href="/sandbox.css">
</head>
<body>
<main>
<p class="tag">Sandbox studio</p>
<h1>Nothing here</h1>
<p>The sandbox forgets everything when it stops, and its oldest sign-ups earlier. <a href="/">All about this sandbox</a></p>
</main>
</body>
</html>
"#
)]
pub(super) struct NotFoundPage;

/// A table of words, as rows of a page.
pub(super) trait Row {
    /// The word and its meaning.
    fn row(&self) -> (String, String);
}

impl Row for Magic {
    fn row(&self) -> (String, String) {
        (self.word.to_owned(), self.meaning.to_owned())
    }
}

impl Row for KnownUser {
    fn row(&self) -> (String, String) {
        (self.username.to_owned(), format!("id {}: {}", self.id, self.meaning))
    }
}

impl Row for ActivationCode {
    fn row(&self) -> (String, String) {
        (self.code.to_owned(), self.meaning.to_owned())
    }
}

impl Row for Mailbox {
    fn row(&self) -> (String, String) {
        (format!("{}@", self.local), self.meaning.to_owned())
    }
}

impl Row for TestKey {
    fn row(&self) -> (String, String) {
        (self.key.to_owned(), self.meaning.to_owned())
    }
}

/// The rows of a table of words.
pub(super) fn rows<T: Row>(table: &[T]) -> Pairs {
    table.iter().map(Row::row).collect()
}
