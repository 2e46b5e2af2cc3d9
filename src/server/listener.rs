//! The listening sockets: one per worker on the same address, the kernel spreads the connections.

use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};

use super::ServerError;

/// How many connections may wait to be accepted; the kernel's `somaxconn` may lower it.
const QUEUE: i32 = 4096;

/// Listens with as many sockets as asked for; returns them with the real address.
///
/// The first one is bound alone, so that an address which another server uses is an error. Only
/// then it is shared with the others.
pub(super) fn listen(
    address: SocketAddr,
    count: usize,
) -> Result<(Vec<mio::net::TcpListener>, SocketAddr), ServerError> {
    let error = |error| ServerError::listen(address, error);
    let first = socket(address).map_err(error)?;
    first.bind(&address.into()).map_err(error)?;
    let bound = first
        .local_addr()
        .map_err(error)?
        .as_socket()
        .unwrap_or(address);
    first.set_reuse_port(true).map_err(error)?;
    first.listen(QUEUE).map_err(error)?;
    let mut listeners = vec![first];
    for _ in 1..count {
        let next = socket(bound).map_err(error)?;
        next.set_reuse_port(true).map_err(error)?;
        next.bind(&bound.into()).map_err(error)?;
        next.listen(QUEUE).map_err(error)?;
        listeners.push(next);
    }
    let listeners = listeners
        .into_iter()
        .map(|listener| mio::net::TcpListener::from_std(listener.into()))
        .collect();
    Ok((listeners, bound))
}

fn socket(address: SocketAddr) -> std::io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    // Accepted sockets inherit it (tcp(7)): without it small frames would wait for
    // acknowledgements, and asking for it on each would be a system call per connection.
    socket.set_tcp_nodelay(true)?;
    Ok(socket)
}
