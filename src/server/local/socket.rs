//! The file of the unix socket: made for the server's user and group, and gone when the server is.

use std::{
    fs, io,
    os::unix::{
        fs::{FileTypeExt, MetadataExt, PermissionsExt},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
};

use rustix::fs::{Mode, fchmod};
use socket2::{Domain, SockAddr, Socket, Type};

use crate::server::ServerError;

/// Who may connect: the server's user and group.
const MODE: u32 = 0o660;

/// How many processes may wait to be let in; more wait in `connect`.
const WAITING: i32 = 1024;

/// A socket file that vanishes with its server.
#[derive(Debug)]
pub(in crate::server) struct LocalSocket {
    listener: UnixListener,
    path: PathBuf,
    /// Tells the file from one that took its place. The open socket keeps its number from being given away.
    file: FileId,
}

/// A file system and a number on it.
type FileId = (u64, u64);

impl LocalSocket {
    /// Listens at a path. A file left behind by a dead server is replaced; if a live server has it,
    /// there is no socket and the caller tells the operator.
    pub(in crate::server) fn bind(path: &Path) -> Result<Option<Self>, ServerError> {
        let failed = |error| ServerError::Socket(path.to_owned(), error);
        match UnixStream::connect(path) {
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                remove_abandoned(path)?;
            }
            // Another user's, dead or alive: to bind would only say that it is there.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Err(failed(error));
            }
            Err(_) => {}
        }
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None).map_err(failed)?;
        // Where the system allows it, the file has its mode from the start; elsewhere a moment later.
        let _ = fchmod(&socket, Mode::from_bits_truncate(MODE as _));
        socket
            .bind(&SockAddr::unix(path).map_err(failed)?)
            .map_err(failed)?;
        let socket = Self {
            listener: socket.into(),
            path: path.to_owned(),
            file: file_at(path).map_err(failed)?,
        };
        fs::set_permissions(path, fs::Permissions::from_mode(MODE)).map_err(failed)?;
        socket.listen().map_err(failed)?;
        Ok(Some(socket))
    }

    /// The socket, to accept from.
    pub(super) fn listener(&self) -> io::Result<UnixListener> {
        self.listener.try_clone()
    }

    fn listen(&self) -> io::Result<()> {
        rustix::net::listen(&self.listener, WAITING)?;
        self.listener.set_nonblocking(true)
    }
}

impl Drop for LocalSocket {
    fn drop(&mut self) {
        // If somebody removed it before, or made another one, all is well.
        if file_at(&self.path).is_ok_and(|file| file == self.file) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Removes a socket to which nobody listens. The system refuses connections to files of other kinds in the same way.
fn remove_abandoned(path: &Path) -> Result<(), ServerError> {
    let failed = |error| ServerError::Socket(path.to_owned(), error);
    let file = fs::symlink_metadata(path).map_err(failed)?;
    if !file.file_type().is_socket() {
        return Err(ServerError::NoSocket(path.to_owned()));
    }
    fs::remove_file(path).map_err(failed)
}

fn file_at(path: &Path) -> io::Result<FileId> {
    let file = fs::symlink_metadata(path)?;
    Ok((file.dev(), file.ino()))
}
