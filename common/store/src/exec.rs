//! Commands of the AI.

use metatron_domain::command::JobKind;
use metatron_domain::id::ExecId;

use crate::Store;
use crate::error::Error;

impl Store {
    /// The request that a Prepare or Start job carries.
    pub(crate) async fn shell_request(
        &self,
        _exec: ExecId,
        _kind: JobKind,
    ) -> Result<Option<serde_json::Value>, Error> {
        Ok(None)
    }
}
