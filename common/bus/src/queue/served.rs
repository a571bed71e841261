//! What a read was served, as Redis sent it: nothing is put into maps or copied that is looked at once.

use redis::streams::StreamId;
use redis::{FromRedisValue, ParsingError, Value};

/// The streams that had something, each with its entries.
#[derive(Debug)]
pub(super) struct Served(pub(super) Vec<(String, Vec<Raw>)>);

/// An entry, its fields and values in turn.
#[derive(Debug)]
pub(super) struct Raw {
    pub(super) id: String,
    fields: Vec<Value>,
}

impl Raw {
    /// Whether there is nothing in it: pending, yet deleted.
    pub(super) fn is_gone(&self) -> bool {
        self.fields.is_empty()
    }
}

/// Where the fields of an entry are found by name.
pub(crate) trait Fields {
    /// The text of a field.
    fn text(&self, field: &str) -> Option<&str>;
}

impl Fields for Raw {
    fn text(&self, field: &str) -> Option<&str> {
        self.fields.chunks_exact(2).find(|pair| text(&pair[0]) == Some(field)).and_then(|pair| text(&pair[1]))
    }
}

impl Fields for StreamId {
    fn text(&self, field: &str) -> Option<&str> {
        self.map.get(field).and_then(text)
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}

impl FromRedisValue for Served {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        list(value)?.into_iter().map(stream).collect::<Result<_, _>>().map(Self)
    }
}

fn stream(value: Value) -> Result<(String, Vec<Raw>), ParsingError> {
    let [name, entries] = pair(value)?;
    let entries = list(entries)?.into_iter().map(entry).collect::<Result<_, _>>()?;
    Ok((String::from_redis_value(name)?, entries))
}

fn entry(value: Value) -> Result<Raw, ParsingError> {
    let [id, fields] = pair(value)?;
    let fields = if fields == Value::Nil { Vec::new() } else { list(fields)? };
    Ok(Raw { id: String::from_redis_value(id)?, fields })
}

fn pair(value: Value) -> Result<[Value; 2], ParsingError> {
    list(value)?.try_into().map_err(|_| ParsingError::from("not a pair".to_owned()))
}

fn list(value: Value) -> Result<Vec<Value>, ParsingError> {
    match value {
        Value::Array(items) => Ok(items),
        _ => Err(ParsingError::from("not a list".to_owned())),
    }
}
