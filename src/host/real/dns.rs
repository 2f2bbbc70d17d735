//! Questions to name servers: one message out, one in, over UDP, and over TCP where the answer is too long for that
//! (RFC 1035, section 4.2).

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr as _;
use std::time::Duration;

use hickory_proto::op::{Edns, Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

use crate::host::{Cancel, DnsAnswer, DnsRecord, DnsRequest, NetError};

/// How long a server may take before it, or the next one, is asked again.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks each server in turn until one has answered.
pub(super) async fn ask(request: &DnsRequest, cancel: &Cancel) -> Result<DnsAnswer, NetError> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(NetError { message: "stopped before there was an answer".to_owned(), help: None }),
        answer = within(request) => answer,
    }
}

async fn within(request: &DnsRequest) -> Result<DnsAnswer, NetError> {
    let kind = RecordType::from_str(&request.kind).map_err(|_| {
        NetError::new(
            format!("there are no records of type {}", request.kind),
            "A, AAAA, CNAME, MX, NS, TXT, SRV, SOA, CAA, PTR",
        )
    })?;
    let name = asked_name(&request.name, kind)?;
    let servers = servers(request.server.as_deref()).await?;
    let all: Vec<String> = servers.iter().map(ToString::to_string).collect();
    let silent = || {
        NetError::new(
            format!("no answer about {} from {} in time", request.name, all.join(", ")),
            "is it a name server, and may this machine reach it (UDP and TCP port 53)?",
        )
    };
    let mut last = None;
    let work = async {
        // As resolvers do: each twice, since a packet may be lost.
        for server in servers.iter().chain(&servers) {
            match tokio::time::timeout(PATIENCE, exchange(*server, &name, kind)).await {
                Ok(Ok(message)) => match answer(message, *server, &request.name) {
                    Ok(answer) => return Ok(answer),
                    Err(error) => last = Some(error),
                },
                Ok(Err(error)) => {
                    last = Some(NetError::new(
                        format!("no answer from {server}: {error}"),
                        "is it a name server, and may this machine reach it?",
                    ));
                }
                Err(_) => {}
            }
        }
        Err(last.take().unwrap_or_else(silent))
    };
    tokio::time::timeout(request.limit, work).await.unwrap_or_else(|_| Err(silent()))
}

/// The name as it is asked for; of an address, that under which its names lie.
fn asked_name(name: &str, kind: RecordType) -> Result<Name, NetError> {
    let of_address = (kind == RecordType::PTR).then(|| name.parse::<IpAddr>().ok()).flatten();
    let name = match of_address {
        Some(address) => Ok(Name::from(address)),
        None => Name::from_utf8(name),
    };
    let mut name =
        name.map_err(|error| NetError::new(format!("this is no name: {error}"), "write it like db.shop.example"))?;
    name.set_fqdn(true);
    Ok(name)
}

/// The one that is given, or those of `/etc/resolv.conf`.
async fn servers(given: Option<&str>) -> Result<Vec<SocketAddr>, NetError> {
    let Some(given) = given else {
        let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
        let named = text.lines().filter_map(|line| {
            line.trim().strip_prefix("nameserver")?.split_whitespace().next()?.parse::<IpAddr>().ok()
        });
        let found: Vec<SocketAddr> = named.map(|address| SocketAddr::new(address, 53)).collect();
        if found.is_empty() {
            return Err(NetError::new("/etc/resolv.conf names no server", "name one: server: \"1.1.1.1\""));
        }
        return Ok(found);
    };
    if let Ok(address) = given.parse::<SocketAddr>() {
        return Ok(vec![address]);
    }
    if let Ok(address) = given.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, 53)]);
    }
    let with_port = if given.contains(':') { given.to_owned() } else { format!("{given}:53") };
    let found = tokio::net::lookup_host(&with_port).await;
    let found: Vec<SocketAddr> = found.map(Iterator::collect).unwrap_or_default();
    if found.is_empty() {
        return Err(NetError::new(
            format!("the name server {given} could not be found"),
            "give its address: server: \"1.1.1.1\", or \"127.0.0.1:5353\"",
        ));
    }
    Ok(found)
}

async fn exchange(server: SocketAddr, name: &Name, kind: RecordType) -> std::io::Result<Message> {
    let wrong = |error: String| std::io::Error::other(error);
    let mut question = Message::query();
    question.metadata.recursion_desired = true;
    question.add_query(Query::query(name.clone(), kind));
    let mut edns = Edns::new();
    edns.set_max_payload(1232);
    question.set_edns(edns);
    let bytes = question.to_vec().map_err(|error| wrong(error.to_string()))?;
    let own: SocketAddr = if server.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(own).await?;
    socket.connect(server).await?;
    socket.send(&bytes).await?;
    let mut buffer = vec![0; 4096];
    let message = loop {
        let length = socket.recv(&mut buffer).await?;
        // Anybody could have sent something else.
        match Message::from_vec(&buffer[..length]) {
            Ok(message) if belongs(&message, &question) => break message,
            _ => {}
        }
    };
    if !message.metadata.truncation {
        return Ok(message);
    }
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(bytes.len()).map_err(|error| wrong(error.to_string()))?;
    stream.write_all(&[&length.to_be_bytes()[..], &bytes].concat()).await?;
    let length = stream.read_u16().await?;
    let mut answer = vec![0; length.into()];
    stream.read_exact(&mut answer).await?;
    let message = Message::from_vec(&answer).map_err(|error| wrong(error.to_string()))?;
    if belongs(&message, &question) { Ok(message) } else { Err(wrong("it answered another question".to_owned())) }
}

fn belongs(answer: &Message, question: &Message) -> bool {
    answer.metadata.id == question.metadata.id && answer.queries == question.queries
}

fn answer(message: Message, server: SocketAddr, asked: &str) -> Result<DnsAnswer, NetError> {
    let server = server.to_string();
    match message.metadata.response_code {
        ResponseCode::NoError | ResponseCode::NXDomain => {}
        ResponseCode::ServFail => {
            return Err(NetError::new(
                format!("{server} could not find out about {asked} (SERVFAIL)"),
                "one of the servers of its zone does not answer, or its signatures are wrong; ask another: server: \"1.1.1.1\"",
            ));
        }
        ResponseCode::Refused => {
            return Err(NetError::new(
                format!("{server} does not answer questions about {asked} (REFUSED)"),
                "ask another: server: \"1.1.1.1\"",
            ));
        }
        other => {
            return Err(NetError::new(
                format!("{server} answered about {asked}: {other}"),
                "is it a name server that answers others?",
            ));
        }
    }
    let no_such_name = message.metadata.response_code == ResponseCode::NXDomain;
    let records = message.answers.iter().map(|record| DnsRecord {
        name: without_dot(&record.name),
        kind: record.record_type().to_string(),
        data: data(&record.data),
        ttl: Duration::from_secs(record.ttl.into()),
    });
    Ok(DnsAnswer { records: records.collect(), no_such_name, server })
}

fn without_dot(name: &Name) -> String {
    name.to_utf8().trim_end_matches('.').to_owned()
}

fn data(data: &RData) -> String {
    match data {
        // Its pieces belong together.
        RData::TXT(text) => text.txt_data.iter().map(|piece| String::from_utf8_lossy(piece)).collect(),
        RData::CNAME(name) => without_dot(name),
        RData::NS(name) => without_dot(name),
        RData::PTR(name) => without_dot(name),
        RData::MX(mx) => format!("{} {}", mx.preference, without_dot(&mx.exchange)),
        RData::SRV(srv) => format!("{} {} {} {}", srv.priority, srv.weight, srv.port, without_dot(&srv.target)),
        other => other.to_string(),
    }
}
