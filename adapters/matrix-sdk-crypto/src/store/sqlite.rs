//! The store of matrix-sdk-sqlite, as an application uses it, in a folder of its own: a copy of it is a copy of its files, and whoever
//! takes an older copy has an older store. It does not know what is in it.
//!
//! The database works on a thread of its own. Whoever asks waits for it there and then, as the machine does with a store in memory: whether
//! another task of the machine goes on meanwhile would be for the operating system to say.

use std::fs;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use matrix_sdk_crypto::store::{CryptoStoreError, DynCryptoStore, IntoCryptoStore};
use matrix_sdk_sqlite::{SqliteCryptoStore, SqliteStoreConfig};
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::task::unconstrained;

use super::Result;

/// What the store calls its file.
const NAME: &str = "matrix-sdk-crypto.sqlite3";

/// What is written but not yet in the file.
const LOG: &str = "matrix-sdk-crypto.sqlite3-wal";

/// A file system in memory: what is written there is not waited for.
const IN_MEMORY: &str = "/dev/shm";

/// The files of a database. One that nothing was written to has none.
#[derive(Debug, Default)]
pub struct Files {
    database: Vec<u8>,
    log: Vec<u8>,
}

/// An open database with its folder.
#[derive(Debug)]
pub(super) struct Database {
    /// `None` once it is closed.
    open: Option<(Arc<DynCryptoStore>, TempDir)>,
    runtime: Handle,
}

impl Database {
    /// Opens a copy of a database, or a new one.
    pub(super) fn open(files: &Files, runtime: &Handle) -> Result<Self> {
        let folder = folder().map_err(CryptoStoreError::backend)?;
        for (name, bytes) in [(NAME, &files.database), (LOG, &files.log)] {
            if !bytes.is_empty() {
                fs::write(folder.path().join(name), bytes).map_err(CryptoStoreError::backend)?;
            }
        }
        // One connection that reads and one that writes: nothing is done beside anything else.
        let config = SqliteStoreConfig::new(folder.path()).pool_max_size(2);
        let store = wait(runtime, SqliteCryptoStore::open_with_config(&config));
        let store = store.map_err(CryptoStoreError::backend)?.into_crypto_store();
        Ok(Self { open: Some((store, folder)), runtime: runtime.clone() })
    }

    fn opened(&self) -> &(Arc<DynCryptoStore>, TempDir) {
        self.open.as_ref().expect("it is open until it is dropped")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.opened().1.path().join(name)
    }

    /// The store in it.
    pub(super) fn store(&self) -> &DynCryptoStore {
        &*self.opened().0
    }

    /// Waits here for work of this store.
    pub(super) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        wait(&self.runtime, work)
    }

    /// A copy of the files. Whatever was written is in them: nothing is under way when nobody waits.
    pub(super) fn files(&self) -> Files {
        let read = |name: &str| read_if_there(&self.path(name)).expect("the database is readable");
        Files { database: read(NAME), log: read(LOG) }
    }

    /// Deletes all Olm sessions with the device that has this Curve25519 key, and returns their ids. A crypto store has no such command:
    /// it is done beside it, as by somebody who repairs a database.
    pub(super) fn lose_olm(&self, peer: &str) -> Vec<String> {
        let (path, peer) = (self.path(NAME), peer.as_bytes().to_owned());
        let lost = self.wait(self.runtime.spawn_blocking(move || deleted(&path, &peer)));
        let lost = lost.expect("it does not panic").expect("the database is writable");
        lost.into_iter().map(|id| String::from_utf8_lossy(&id).into_owned()).collect()
    }
}

impl Drop for Database {
    /// Closes connections and removes the folder in this order, on the thread of the database.
    fn drop(&mut self) {
        let _runtime = self.runtime.enter();
        if let Some((store, folder)) = self.open.take() {
            drop(store);
            drop(self.runtime.spawn_blocking(move || drop(folder)));
        }
    }
}

/// Waits for work of a database on this thread. The limit on how much a task may do before it makes way for others is set
/// aside: there is nobody to make way for here.
fn wait<T>(runtime: &Handle, work: impl Future<Output = T>) -> T {
    let _runtime = runtime.enter();
    futures_executor::block_on(unconstrained(work))
}

/// An empty folder that is removed when it is dropped, in memory if there is such a place.
fn folder() -> io::Result<TempDir> {
    let in_memory = Path::new(IN_MEMORY);
    if in_memory.is_dir()
        && let Ok(folder) = tempfile::tempdir_in(in_memory)
    {
        return Ok(folder);
    }
    tempfile::tempdir()
}

fn read_if_there(path: &Path) -> io::Result<Vec<u8>> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

fn deleted(path: &Path, peer: &[u8]) -> rusqlite::Result<Vec<Vec<u8>>> {
    let mut connection = Connection::open(path)?;
    let change = connection.transaction()?;
    let lost = change
        .prepare("SELECT session_id FROM session WHERE sender_key = ? ORDER BY session_id")?
        .query_map([peer], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    change.execute("DELETE FROM session WHERE sender_key = ?", [peer])?;
    change.commit()?;
    Ok(lost)
}
