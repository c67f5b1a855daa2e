//! A Redis on a real socket that knows the gateway's scripts by sight and nothing else, and fails as a test tells it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::Reply;
use super::neighbour::write_reply;

/// A question of the gateway's store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    Take,
    Refund,
    Claim,
    BeginSending,
    Finish,
}

impl Question {
    pub const ALL: [Self; 5] = [Self::Take, Self::Refund, Self::Claim, Self::BeginSending, Self::Finish];

    /// By a phrase that one script has and the others have not.
    fn of_script(script: &str) -> Self {
        let phrases = [
            (Self::Take, "local increment, tolerance"),
            (Self::Claim, "return 'w'"),
            (Self::BeginSending, "'SET', KEYS[1], 's'"),
            (Self::Finish, "'DEL'"),
            (Self::Refund, "tonumber(ARGV[1])"),
        ];
        let found = phrases.iter().find(|(_, phrase)| script.contains(phrase));
        found.unwrap_or_else(|| panic!("a script nobody knows: {script}")).0
    }

    /// What an empty Redis answers.
    fn answer(self) -> &'static str {
        match self {
            Self::Take => ":0\r\n",
            Self::Claim => "+w\r\n",
            Self::Refund | Self::BeginSending | Self::Finish => ":1\r\n",
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
    /// The connection is closed before a byte is read.
    Refuses,
}

type Asked = Vec<Question>;

#[derive(Default)]
struct Shared {
    scripts: Mutex<HashMap<String, Question>>,
    asked: Mutex<Asked>,
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
                tokio::spawn(serve(stream, Arc::clone(&serving)));
            }
        });
        Self { address, shared, accepting }
    }

    pub fn url(&self) -> String {
        format!("redis://{}/", self.address)
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

    /// Every question so far.
    pub fn asked(&self) -> Asked {
        self.shared.asked.lock().unwrap().clone()
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
            (_, Some((Act::Breaks(reply), _))) => {
                write_reply(&mut stream, reply).await;
                return;
            }
            (Asks::Known(question), None) => question.answer().as_bytes().to_vec(),
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
