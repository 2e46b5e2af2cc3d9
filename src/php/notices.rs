//! What the engine tells, as PHP's arrays.

use ext_php_rs::{boxed::ZBox, error::Result, types::ZendHashTable};

use super::arrays::text_array;
use crate::engine::{Applications, Caller, Event, Notice, Said, Subject, Subscriber};

type Array = ZBox<ZendHashTable>;

/// A list of notices, each an array with its `type`.
pub(super) fn notice_arrays(notices: Vec<Notice>, applications: &Applications) -> Result<Array> {
    let mut list = ZendHashTable::new();
    for notice in notices {
        list.push(notice_array(&notice, applications)?)?;
    }
    Ok(list)
}

/// A list of subscribers.
pub(super) fn subscriber_arrays(subscribers: &[Subscriber]) -> Result<Array> {
    let mut list = ZendHashTable::new();
    for subscriber in subscribers {
        let mut array = ZendHashTable::new();
        put_caller(&mut array, &subscriber.connection)?;
        if let Some(member) = &subscriber.member {
            array.insert("channel_data", member.channel_data())?;
        }
        list.push(array)?;
    }
    Ok(list)
}

fn notice_array(notice: &Notice, applications: &Applications) -> Result<Array> {
    match notice {
        Notice::Info { title, message } => {
            text_array(&[("type", "info"), ("title", title), ("message", message)])
        }
        Notice::Message(message) => text_array(&[("type", "message"), ("message", message)]),
        Notice::Error(message) => text_array(&[("type", "error"), ("message", message)]),
        Notice::Warning(message) => text_array(&[("type", "warning"), ("message", message)]),
        Notice::Event(event) => event_array(event, applications),
    }
}

fn event_array(event: &Event, applications: &Applications) -> Result<Array> {
    let mut array = text_array(&[
        ("type", "event"),
        ("event", event.kind.name()),
        ("app_id", &applications.application(event.application).id),
    ])?;
    match &event.subject {
        Subject::Connection(connection) => put_caller(&mut array, connection)?,
        Subject::Channel(channel) => array.insert("channel", channel.as_str())?,
        Subject::Message { connection, text } => {
            put_caller(&mut array, connection)?;
            array.insert("message", String::from_utf8_lossy(text).as_ref())?;
        }
        Subject::Member { channel, member } => {
            array.insert("channel", channel.as_str())?;
            array.insert("channel_data", member.channel_data())?;
        }
        Subject::ClientEvent {
            connection,
            channel,
            said,
        } => {
            put_caller(&mut array, connection)?;
            array.insert("channel", channel.as_str())?;
            put_said(&mut array, said)?;
        }
    }
    Ok(array)
}

fn put_caller(array: &mut ZendHashTable, connection: &Caller) -> Result<()> {
    array.insert("socket_id", connection.socket_id.to_string())?;
    array.insert("place", connection.place.number())?;
    if let Some(source) = &connection.source {
        array.insert("address", source.address.as_ref())?;
        if let Some(origin) = &source.origin {
            array.insert("origin", origin.as_ref())?;
        }
    }
    Ok(())
}

fn put_said(array: &mut ZendHashTable, said: &Said) -> Result<()> {
    array.insert("name", said.event.as_str())?;
    array.insert("data", said.data.as_str())?;
    if let Some(user_id) = &said.user_id {
        array.insert("user_id", user_id.as_str())?;
    }
    Ok(())
}
