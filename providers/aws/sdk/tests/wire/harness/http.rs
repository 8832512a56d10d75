//! As much of HTTP/1.1 as the harness needs.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// A request or response: first line, headers, body.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    pub(crate) first: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// `GET /bucket?versioning` or, for the query protocol, `POST Action=DescribeDBInstances`.
    pub(crate) fn call(&self) -> String {
        let mut words = self.first.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let text = self.text();
        match text.split('&').find(|p| p.starts_with("Action=")) {
            Some(action) => format!("{method} {action}"),
            None => format!("{method} {target}"),
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = format!("{}\r\n", self.first).into_bytes();
        for (name, value) in &self.headers {
            out.extend(format!("{name}: {value}\r\n").bytes());
        }
        out.extend(b"\r\n");
        out.extend(&self.body);
        out
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

/// The next message of a connection; none when the peer closed it. `to_end`: a response without length
/// goes to the end of the connection.
pub(crate) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    to_end: ToEnd,
) -> io::Result<Option<Message>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).await? == 0 {
            return if head.is_empty() { Ok(None) } else { Err(invalid("the head ends early")) };
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).map_err(|_| invalid("the head is not text"))?;
    let mut lines = head.lines();
    let mut message = Message { first: lines.next().unwrap_or_default().to_owned(), ..Message::default() };
    for line in lines.filter(|l| !l.is_empty()) {
        let (name, value) = line.split_once(':').ok_or_else(|| invalid("a header without colon"))?;
        message.headers.push((name.to_owned(), value.trim().to_owned()));
    }
    if message.header("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked")) {
        message.body = chunked(stream).await?;
    } else if let Some(length) = message.header("content-length") {
        let length: usize = length.parse().map_err(|_| invalid("content-length"))?;
        message.body = vec![0; length];
        stream.read_exact(&mut message.body).await?;
    } else if to_end == ToEnd::Yes {
        stream.read_to_end(&mut message.body).await?;
    }
    Ok(Some(message))
}

/// Whether a message without length goes to the end of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ToEnd {
    Yes,
    No,
}

async fn chunked(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.push(stream.read_u8().await?);
        }
        let line = String::from_utf8_lossy(&line);
        let size = usize::from_str_radix(line.trim().split(';').next().unwrap_or_default(), 16)
            .map_err(|_| invalid("chunk size"))?;
        let mut chunk = vec![0; size + 2];
        stream.read_exact(&mut chunk).await?;
        if size == 0 {
            return Ok(body);
        }
        body.extend(&chunk[..size]);
    }
}
