//! A Redis on a real socket that knows the gateway's scripts by sight and nothing else, and fails as a test tells it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use signup_gateway::domain::policy::Patience;

use super::neighbour::write_reply;
use super::{Reply, TestApp, roomy};

const DAYS: Duration = Duration::from_hours(100);

/// Long enough for any machine, and nobody but visitors asks: for faults that show at once.
pub fn patient() -> Patience {
    let long = Duration::from_mins(1);
    Patience { form: long, count: long, connect: long, silence: Duration::from_millis(100), hiccup: DAYS, watch: DAYS }
}

/// As it is served, but nobody except visitors asks: for faults that are waited for.
pub fn impatient() -> Patience {
    Patience { watch: DAYS, ..Patience::default() }
}

/// A question of the gateway's store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    Take,
    Refund,
    Claim,
    BeginSending,
    Finish,
    /// Nobody's: whether it is there.
    Watch,
}

impl Question {
    pub const ALL: [Self; 6] = [Self::Take, Self::Refund, Self::Claim, Self::BeginSending, Self::Finish, Self::Watch];

    /// By a phrase that one script has and the others have not.
    fn of_script(script: &str) -> Self {
        let phrase = |question: &Self| match question {
            Self::Take => "local increment, tolerance",
            Self::Refund => "local next = stored - was",
            Self::Claim => "return 'w'",
            Self::BeginSending => "'SET', KEYS[1], 's'",
            Self::Finish => "if ARGV[2] == ''",
            Self::Watch => "'SET', KEYS[1], '1'",
        };
        let found: Vec<_> = Self::ALL.into_iter().filter(|question| script.contains(phrase(question))).collect();
        assert_eq!(found.len(), 1, "{found:?} are the questions of this script: {script}");
        found[0]
    }

    /// What an empty Redis answers.
    fn answer(self) -> &'static str {
        match self {
            Self::Take => ":0\r\n",
            Self::Claim => "+w\r\n",
            Self::Refund | Self::BeginSending | Self::Finish | Self::Watch => ":1\r\n",
        }
    }
}

/// How it fails.
#[derive(Clone, Debug)]
pub enum Act {
    /// These bytes, and the connection goes on.
    Says(Vec<u8>),
    /// These bytes or none, and the connection does not.
    Breaks(Reply),
    /// Nothing for so long, then the right answer.
    Hesitates(Duration),
    /// The connection is closed before a byte is read.
    Refuses,
}

type Asked = Vec<Question>;

#[derive(Default)]
struct Shared {
    scripts: Mutex<HashMap<String, Question>>,
    asked: Mutex<Asked>,
    heard: Mutex<Asked>,
    connections: AtomicUsize,
    /// What became of forms, where it remembers them.
    forms: Mutex<Option<HashMap<String, String>>>,
    act: Mutex<Option<(Act, Vec<Question>)>>,
    greets_after: Mutex<Duration>,
}

/// A running one; it stops when dropped.
pub struct Redis {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Redis {
    /// One that works, as if it held nothing.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, shared) = (listener.local_addr().unwrap(), Arc::new(Shared::default()));
        let serving = Arc::clone(&shared);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serving.connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, Arc::clone(&serving)));
            }
        });
        Self { address, shared, accepting }
    }

    /// One that knows forms again, as long as it runs.
    pub async fn that_remembers_forms() -> Self {
        let redis = Self::start().await;
        *redis.shared.forms.lock().unwrap() = Some(HashMap::new());
        redis
    }

    pub fn url(&self) -> String {
        format!("redis://{}/", self.address)
    }

    /// An application that shares its state here, and has asked whether that works.
    pub async fn app(&self, patience: Patience) -> TestApp {
        self.app_with(patience, &[]).await
    }

    /// The same with further variables.
    pub async fn app_with(&self, patience: Patience, variables: &[(&str, &str)]) -> TestApp {
        let url = self.url();
        let shared = [("SIGNUP__RATE_LIMIT__BACKEND", "redis"), ("SIGNUP__RATE_LIMIT__REDIS_URL", url.as_str())];
        let (all, before) = (roomy(&[&shared[..], variables].concat()), self.count(Question::Watch));
        let app = TestApp::waiting_for_redis(patience, &all).await;
        while self.count(Question::Watch) == before && !app.state.store.is_degraded() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        app
    }

    /// Fails so from now on when it is asked one of these.
    pub fn fail(&self, act: Act, at: &[Question]) {
        *self.shared.act.lock().unwrap() = Some((act, at.to_vec()));
    }

    /// Lets every new connection wait so long for the answer to its greeting.
    pub fn greet_after(&self, pause: Duration) {
        *self.shared.greets_after.lock().unwrap() = pause;
    }

    /// Works again.
    pub fn recover(&self) {
        *self.shared.act.lock().unwrap() = None;
    }

    /// Every question of the visitors' so far.
    pub fn asked(&self) -> Asked {
        let asked = self.shared.asked.lock().unwrap();
        asked.iter().copied().filter(|question| *question != Question::Watch).collect()
    }

    /// How often it was asked something.
    pub fn count(&self, question: Question) -> usize {
        self.shared.asked.lock().unwrap().iter().filter(|asked| **asked == question).count()
    }

    /// How often it was asked something, and answered as it should.
    pub fn heard(&self, question: Question) -> usize {
        self.shared.heard.lock().unwrap().iter().filter(|heard| **heard == question).count()
    }

    /// How often somebody connected.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let mut unread = Vec::new();
    loop {
        let act = shared.act.lock().unwrap().clone();
        if matches!(act, Some((Act::Refuses, _))) {
            return;
        }
        let Some(command) = read_command(&mut stream, &mut unread).await else { return };
        let act = shared.act.lock().unwrap().clone();
        let asked = shared.understand(&command);
        let failing = act.filter(|(_, at)| matches!(asked, Asks::Known(question) if at.contains(&question)));
        let answer = match (asked, failing) {
            (_, Some((Act::Refuses, _))) => return,
            (_, Some((Act::Says(bytes), _))) => bytes,
            (Asks::Known(question), Some((Act::Hesitates(pause), _))) => {
                tokio::time::sleep(pause).await;
                shared.answer(question, &command)
            }
            (_, Some((Act::Hesitates(_), _))) => unreachable!("only questions fail"),
            (_, Some((Act::Breaks(reply), _))) => {
                write_reply(&mut stream, reply).await;
                return;
            }
            (Asks::Known(question), None) => shared.answer(question, &command),
            (Asks::Unknown, None) => b"-NOSCRIPT No matching script. Please use EVAL.\r\n".to_vec(),
            (Asks::Loads(hash), None) => format!("${}\r\n{hash}\r\n", hash.len()).into_bytes(),
            (Asks::Greets, None) => {
                let pause = *shared.greets_after.lock().unwrap();
                tokio::time::sleep(pause).await;
                b"+OK\r\n".to_vec()
            }
            (Asks::Pings, None) => b"+PONG\r\n".to_vec(),
        };
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

enum Asks {
    Known(Question),
    Unknown,
    Loads(String),
    Greets,
    Pings,
}

impl Shared {
    fn answer(&self, question: Question, command: &[String]) -> Vec<u8> {
        self.heard.lock().unwrap().push(question);
        let remembered = self.forms.lock().unwrap().as_mut().and_then(|forms| remember(forms, question, command));
        remembered.unwrap_or_else(|| question.answer().as_bytes().to_vec())
    }

    fn understand(&self, command: &[String]) -> Asks {
        let words: Vec<_> = command.iter().map(String::as_str).collect();
        let mut scripts = self.scripts.lock().unwrap();
        match words[..] {
            ["EVALSHA", hash, ..] => match scripts.get(hash) {
                Some(question) => {
                    self.asked.lock().unwrap().push(*question);
                    Asks::Known(*question)
                }
                None => Asks::Unknown,
            },
            ["SCRIPT", "LOAD", text] => {
                let hash = redis::Script::new(text).get_hash().to_owned();
                scripts.insert(hash.clone(), Question::of_script(text));
                Asks::Loads(hash)
            }
            ["CLIENT", ..] => Asks::Greets,
            ["PING"] => Asks::Pings,
            _ => panic!("a command nobody knows: {words:?}"),
        }
    }
}

/// What the scripts do with the record of a form, but for fingerprints and deadlines.
fn remember(forms: &mut HashMap<String, String>, question: Question, command: &[String]) -> Option<Vec<u8>> {
    let [_evalsha, _hash, _keys, form, token, rest @ ..] = command else { return None };
    let record = forms.get(form).cloned();
    let is_ours = record.as_ref().is_none_or(|record| record[1..].starts_with(token.as_str()));
    match (question, record) {
        (Question::Claim, Some(record)) if record.starts_with(['d', 'u']) => {
            return Some(format!("${}\r\n{record}\r\n", record.len()).into_bytes());
        }
        (Question::Claim, Some(_)) if !is_ours => return Some(b"+b\r\n".to_vec()),
        (Question::BeginSending | Question::Finish, Some(_)) if !is_ours => return Some(b":0\r\n".to_vec()),
        (Question::Claim, _) => forms.insert(form.clone(), format!("c{token}")),
        (Question::BeginSending, _) => forms.insert(form.clone(), format!("s{token}")),
        (Question::Finish, _) if rest[0].starts_with(['d', 'u']) => forms.insert(form.clone(), rest[0].clone()),
        (Question::Finish, _) => forms.remove(form),
        (Question::Take | Question::Refund | Question::Watch, _) => None,
    };
    None
}

/// An array of bulk strings, which is all that clients send.
async fn read_command(stream: &mut TcpStream, unread: &mut Vec<u8>) -> Option<Vec<String>> {
    loop {
        if let Some((command, length)) = parse(unread) {
            unread.drain(..length);
            return Some(command);
        }
        let mut chunk = [0_u8; 8_192];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => unread.extend_from_slice(&chunk[..read]),
        }
    }
}

/// The first whole command, and how many bytes it took.
fn parse(bytes: &[u8]) -> Option<(Vec<String>, usize)> {
    let mut at = 0;
    let count = counted(bytes, &mut at, b'*')?;
    let mut command = Vec::new();
    for _ in 0..count {
        let length = counted(bytes, &mut at, b'$')?;
        let word = bytes.get(at..at + length)?;
        bytes.get(at + length..at + length + 2)?;
        command.push(String::from_utf8_lossy(word).into_owned());
        at += length + 2;
    }
    Some((command, at))
}

fn counted(bytes: &[u8], at: &mut usize, mark: u8) -> Option<usize> {
    let line = &bytes[(*at).min(bytes.len())..];
    let end = line.windows(2).position(|window| window == b"\r\n")?;
    assert_eq!(line[0], mark);
    *at += end + 2;
    Some(std::str::from_utf8(&line[1..end]).unwrap().parse().unwrap())
}
