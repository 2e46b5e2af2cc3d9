//! Making a connection: finding the Redis that is written to, reaching it, and being let in.

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use socket2::{SockRef, TcpKeepalive};
use tokio::{
    net::{TcpStream, UnixStream},
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, pki_types::ServerName},
};

use super::{
    link::{self, Link, LinkError, Stream},
    settings::{Address, Credentials, Settings, Topology},
    slot,
};

/// Probes of a silent connection by the kernel, where nothing else is on its way.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// The oldest version of Redis that knows all that is asked of it.
const OLDEST: (u32, u32) = (6, 2);

/// Makes connections as the settings say.
pub(super) struct Connector {
    settings: Settings,
    tls: Option<Arc<ClientConfig>>,
    /// What all keys begin with: says which node of a cluster is asked for.
    root: String,
}

/// Where to write, and whether it is a cluster that knows sharded channels.
pub(super) struct Found {
    pub(super) address: Address,
    pub(super) is_sharded: bool,
}

impl Connector {
    pub(super) fn new(settings: Settings, root: String) -> Result<Self, LinkError> {
        let tls = settings.tls.as_ref();
        let tls = tls.map(super::tls::client_config).transpose()?;
        Ok(Self {
            tls: tls.map(Arc::new),
            settings,
            root,
        })
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Finds the server that is written to: the only one, the master, or the owner of the keys.
    pub(super) async fn find(&self) -> Result<Found, LinkError> {
        let single = |address| Found {
            address,
            is_sharded: false,
        };
        match &self.settings.topology {
            Topology::Single(address) => Ok(single(address.clone())),
            Topology::Sentinel {
                addresses,
                master,
                credentials,
            } => first(addresses, async |address| {
                self.master(address, master, credentials).await
            })
            .await
            .map(single),
            Topology::Cluster(addresses) => {
                first(addresses, async |address| self.owner(address).await).await
            }
        }
    }

    /// A connection that may write, if the address is one of a master.
    pub(super) async fn open(&self, address: &Address) -> Result<Link, LinkError> {
        let mut link = self.reach(address).await?;
        self.introduce(&mut link, &self.settings.credentials)
            .await?;
        if self.settings.database > 0 {
            let database = self.settings.database.to_string();
            self.ask(&mut link, &[b"SELECT", database.as_bytes()])
                .await?;
        }
        Ok(link)
    }

    /// Asks, and takes a refusal for an error.
    pub(super) async fn ask(
        &self,
        link: &mut Link,
        command: &[&[u8]],
    ) -> Result<link::Reply, LinkError> {
        link.ask(command, self.settings.times.connect).await
    }

    /// Makes sure that Redis is not too old.
    ///
    /// Whatever takes its place, as Valkey does, tells a version too, and it is a later one.
    pub(super) async fn examine(&self, link: &mut Link) -> Result<(), LinkError> {
        let (major, minor) = OLDEST;
        let outdated = |version: &str| {
            LinkError::Outdated(format!(
                "it is of version {version}, and needed is Redis {major}.{minor} or later, or Valkey"
            ))
        };
        // The `2` is the protocol that is spoken anyway.
        match self.ask(link, &[b"HELLO", b"2"]).await {
            Ok(reply) => match version(reply) {
                Some(version) if number(&version).is_some_and(|number| number < OLDEST) => {
                    Err(outdated(&version))
                }
                _ => Ok(()),
            },
            Err(LinkError::Refused(text)) if text.starts_with("ERR unknown command") => {
                Err(outdated("5 or earlier"))
            }
            Err(error) => Err(error),
        }
    }

    /// Asks a sentinel for the master, and the master whether it is one.
    async fn master(
        &self,
        sentinel: &Address,
        name: &str,
        credentials: &Credentials,
    ) -> Result<Address, LinkError> {
        let mut link = self.reach(sentinel).await?;
        self.introduce(&mut link, credentials).await?;
        let question: [&[u8]; 3] = [b"SENTINEL", b"get-master-addr-by-name", name.as_bytes()];
        let reply = self.ask(&mut link, &question).await?;
        let address = link::array(reply).and_then(|reply| address(&reply));
        let unknown = || LinkError::Refused(format!("the sentinel knows no master {name}"));
        let address = address.ok_or_else(unknown)?;
        let mut link = self.open(&address).await?;
        let role = link::array(self.ask(&mut link, &[b"ROLE"]).await?);
        let role = role.and_then(|role| link::text(role.into_iter().next()?));
        match role.as_deref() {
            Some("master") => Ok(address),
            _ => Err(LinkError::Refused(format!(
                "{address} is not the master any more, and there is no other one yet"
            ))),
        }
    }

    /// Asks a node of a cluster who has the keys of this installation.
    async fn owner(&self, node: &Address) -> Result<Found, LinkError> {
        let mut link = self.reach(node).await?;
        self.introduce(&mut link, &self.settings.credentials)
            .await?;
        let slots = self.ask(&mut link, &[b"CLUSTER", b"SLOTS"]).await?;
        let wanted = i64::from(slot::of(self.root.as_bytes()));
        let owner = link::array(slots)
            .unwrap_or_default()
            .into_iter()
            .filter_map(link::array)
            .find_map(|range| owner_if_within(range, wanted));
        let unknown = || LinkError::Refused("the cluster has no node for the keys".to_owned());
        let (host, port) = owner.ok_or_else(unknown)?;
        let command: [&[u8]; 3] = [b"COMMAND", b"INFO", b"SSUBSCRIBE"];
        let known = link::array(self.ask(&mut link, &command).await?).unwrap_or_default();
        let is_sharded = known.into_iter().any(|entry| link::array(entry).is_some());
        let address = match node {
            // A node that does not know its own name leaves it out.
            Address::Tcp(asked, _) if host.is_empty() => Address::Tcp(asked.clone(), port),
            _ => Address::Tcp(host, port),
        };
        Ok(Found {
            address,
            is_sharded,
        })
    }

    async fn introduce(&self, link: &mut Link, credentials: &Credentials) -> Result<(), LinkError> {
        let Some(password) = &credentials.password else {
            return Ok(());
        };
        let mut command: Vec<&[u8]> = vec![b"AUTH"];
        command.extend(credentials.username.as_ref().map(String::as_bytes));
        command.push(password.as_bytes());
        self.ask(link, &command)
            .await
            .map_err(|error| match error {
                LinkError::Refused(text) if !text.starts_with("LOADING") => {
                    LinkError::Unauthorised(text)
                }
                error => error,
            })?;
        Ok(())
    }

    async fn reach(&self, address: &Address) -> Result<Link, LinkError> {
        let reached = timeout(self.settings.times.connect, self.stream(address)).await;
        reached.map_err(|_| LinkError::Silent)?.map(Link::new)
    }

    async fn stream(&self, address: &Address) -> Result<Box<dyn Stream>, LinkError> {
        let (host, port) = match address {
            Address::Unix(path) => return Ok(Box::new(UnixStream::connect(path).await?)),
            Address::Tcp(host, port) => (host.as_str(), *port),
        };
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        let keepalive = TcpKeepalive::new().with_time(KEEPALIVE);
        SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
        let Some(tls) = &self.tls else {
            return Ok(Box::new(stream));
        };
        let name = self
            .settings
            .tls
            .as_ref()
            .and_then(|tls| tls.name.as_deref());
        let name = server_name(name.unwrap_or(host))?;
        let connector = TlsConnector::from(Arc::clone(tls));
        let stream = connector.connect(name, stream).await.map_err(tls_error)?;
        Ok(Box::new(stream))
    }
}

/// The first address that has an answer; else the last error, but one that lasts before others.
async fn first<T>(
    addresses: &[Address],
    ask: impl AsyncFn(&Address) -> Result<T, LinkError>,
) -> Result<T, LinkError> {
    let mut worst = LinkError::Refused("no address is configured".to_owned());
    for address in addresses {
        match ask(address).await {
            Ok(found) => return Ok(found),
            Err(error) if worst.is_lasting() && !error.is_lasting() => {}
            Err(error) => worst = error,
        }
    }
    Err(worst)
}

fn server_name(name: &str) -> Result<ServerName<'static>, LinkError> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(ServerName::IpAddress(address.into()));
    }
    ServerName::try_from(name.to_owned())
        .map_err(|_| LinkError::Unauthorised(format!("TLS: {name} is not the name of a host")))
}

/// A certificate that is not trusted today is not trusted tomorrow; a broken connection may heal.
fn tls_error(error: io::Error) -> LinkError {
    match error.kind() {
        io::ErrorKind::InvalidData => LinkError::Unauthorised(format!("TLS: {error}")),
        _ => LinkError::Lost(error),
    }
}

/// The version among the names and values with which Redis says hello.
fn version(reply: link::Reply) -> Option<String> {
    let mut reply = link::array(reply)?.into_iter();
    while let (Some(name), value) = (reply.next(), reply.next()?) {
        if link::text(name).as_deref() == Some("version") {
            return link::text(value);
        }
    }
    None
}

/// The first two numbers of a version.
fn number(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.').map_while(|part| part.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

fn address(reply: &[link::Reply]) -> Option<Address> {
    let [host, port, ..] = reply else {
        return None;
    };
    let port = u16::try_from(link::integer(port.clone())?).ok()?;
    Some(Address::Tcp(link::text(host.clone())?, port))
}

/// The host and port of a range of slots, if it has the wanted one.
fn owner_if_within(range: Vec<link::Reply>, wanted: i64) -> Option<(String, u16)> {
    let mut range = range.into_iter();
    let (from, to) = (link::integer(range.next()?)?, link::integer(range.next()?)?);
    let mut node = link::array(range.next()?)?.into_iter();
    // Null where a node does not know its own name.
    let host = link::text(node.next()?).unwrap_or_default();
    let port = u16::try_from(link::integer(node.next()?)?).ok()?;
    (from..=to).contains(&wanted).then_some((host, port))
}
