//! An entry as an answer shows it: the exact bytes that were hashed, and what they say.

use annals_events::Header;
use annals_events::hash::hex;
use annals_projections::keys::KeyRing;
use serde_json::{Value, json};

use super::problem::Problem;
use crate::ledger::about::{Checked, check_rows};
use crate::store::{Row, StoreError};

/// Rows as they are answered; what does not hold is not answered.
pub fn items(rows: &[Row], ring: &KeyRing) -> Result<Vec<Value>, Problem> {
    let checked = check_rows(rows.to_vec(), ring)?;
    rows.iter().zip(&checked).map(|(row, checked)| item(row, checked, ring)).collect()
}

/// The members an export's line has, with the position and the leaf.
fn item(row: &Row, checked: &Checked, ring: &KeyRing) -> Result<Value, Problem> {
    let key = ring.entry_key(checked.header.epoch.0).map(|(_, print)| print.to_string());
    Ok(json!({
        "position": row.position,
        "leaf": checked.leaf.to_string(),
        "header": exact(&row.header)?,
        "signature": { "key": key, "value": hex(&row.signature) },
        "facts": exact(&row.facts)?,
        "facts_salt": hex(&row.facts_salt),
        "private": row.private.as_ref().map(|(_, bytes)| exact(bytes)).transpose()?,
        "private_salt": row.private.as_ref().map(|(salt, _)| hex(salt)),
    }))
}

fn exact(bytes: &[u8]) -> Result<&str, Problem> {
    let text = std::str::from_utf8(bytes);
    text.map_err(|_| StoreError::Corrupt("an entry is not UTF-8".to_owned()).into())
}

/// One entry with all it says and its neighbours.
pub fn whole(
    row: &Row,
    around: [Option<&Row>; 2],
    ring: &KeyRing,
) -> Result<(Value, Header), Problem> {
    let checked = check_rows(vec![row.clone()], ring)?;
    let checked = checked.first().ok_or_else(|| Problem::fault("an entry vanished"))?;
    let mut value = item(row, checked, ring)?;
    let parsed = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    value["parsed"] = json!({
        "header": parsed(&row.header),
        "facts": parsed(&row.facts),
        "private": row.private.as_ref().map(|(_, bytes)| parsed(bytes)),
    });
    let neighbour = |row: &Row| json!({ "position": row.position, "leaf": hex(&row.leaf) });
    value["before"] = around[0].map(neighbour).unwrap_or_default();
    value["after"] = around[1].map(neighbour).unwrap_or_default();
    Ok((value, checked.header.clone()))
}
