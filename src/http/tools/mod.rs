//! `POST /tools/invoke`: one use of one tool, with the error shape of its own.

mod refused;
#[cfg(test)]
mod tests;
mod wire;

use super::json::Json;
use super::security::Writer;
use super::{Tag, always};
use crate::tools::{Chat, Consent, Entry, Invocation, Output, Rehearsal, Toolbox, Wanted};
use crate::types::Caller;
use poem_openapi::OpenApi;
use poem_openapi::param::Header;
use refused::Refused;
use serde_json::{Value, json};
use wire::{ToolContent, ToolResult};

pub(super) use refused::in_own_shape;
pub(super) use wire::{InvokeToolRequest, InvokeToolResponse, ToolErrorResponse};

/// The path.
pub(super) const PATH: &str = "/tools/invoke";
/// Largest request body, in bytes.
pub(super) const MAX_BODY_BYTES: usize = 2_000_000;
/// Longer keys, ids and headers are not names.
const MAX_NAME_BYTES: usize = 512;

/// The tools API.
#[derive(Debug)]
pub(super) struct ToolsApi {
    pub(super) toolbox: Toolbox,
}

#[OpenApi(tag = "Tag::Tools")]
impl ToolsApi {
    /// Invoke a tool
    ///
    /// Uses one tool and answers with what it says. The tools there are follow from the
    /// configuration (`tools`, `agents.list[].tools`, `gateway.tools`); a tool that is not there
    /// and one that the caller may not use are answered alike.
    #[oai(path = "/tools/invoke", method = "post", operation_id = "invokeTool")]
    #[expect(clippy::too_many_arguments, reason = "each declared part of the request is one")]
    async fn invoke(
        &self,
        caller: Writer,
        /// The channel of the chat that the call belongs to.
        #[oai(name = "x-openclaw-message-channel")]
        channel: Header<Option<String>>,
        /// Which account of that channel.
        #[oai(name = "x-openclaw-account-id")]
        account: Header<Option<String>>,
        /// To whom an answer would go.
        #[oai(name = "x-openclaw-message-to")]
        to: Header<Option<String>>,
        /// The thread there.
        #[oai(name = "x-openclaw-thread-id")]
        thread: Header<Option<String>>,
        body: Json<InvokeToolRequest>,
    ) -> poem::Result<Json<InvokeToolResponse>> {
        let chat = Chat { channel: channel.0, account: account.0, to: to.0, thread: thread.0 };
        let dry_run = body.0.dry_run.unwrap_or(false);
        let invocation = self.invocation(body.0, caller.caller, chat)?;
        let result = if dry_run {
            let rehearsal = self.toolbox.rehearse(&invocation).map_err(Refused::from)?;
            rehearsed(rehearsal, &invocation)
        } else {
            said(self.toolbox.invoke(invocation).await.map_err(Refused::from)?)
        };
        Ok(Json(InvokeToolResponse { ok: true, dry_run, result }))
    }
}

impl ToolsApi {
    fn invocation(
        &self,
        request: InvokeToolRequest,
        caller: Caller,
        chat: Chat,
    ) -> Result<Invocation, Refused> {
        let named = filled(request.name).or(filled(request.tool));
        let tool = named.ok_or_else(|| Refused::invalid("tools.invoke requires name"))?;
        let chat = Chat {
            channel: filled(chat.channel),
            account: filled(chat.account),
            to: filled(chat.to),
            thread: filled(chat.thread),
        };
        let idempotency_key = filled(request.idempotency_key);
        let names = [
            ("idempotencyKey", &idempotency_key),
            ("x-openclaw-message-channel", &chat.channel),
            ("x-openclaw-account-id", &chat.account),
            ("x-openclaw-message-to", &chat.to),
            ("x-openclaw-thread-id", &chat.thread),
        ];
        for (name, value) in names {
            if value.as_ref().is_some_and(|text| text.len() > MAX_NAME_BYTES) {
                let message = format!("{name} is longer than {MAX_NAME_BYTES} bytes");
                return Err(Refused::invalid(message));
            }
        }
        let wanted =
            Wanted { agent: request.agent_id.as_deref(), session: request.session_key.as_deref() };
        let mut context = self.toolbox.context(wanted, caller)?;
        context.chat = chat;
        let consent = if request.confirm == Some(true) { Consent::Given } else { Consent::Open };
        Ok(Invocation {
            tool,
            action: filled(request.action),
            args: request.args,
            context,
            entry: Entry::Http(consent),
            idempotency_key,
        })
    }
}

fn filled(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn said(output: Output) -> ToolResult {
    let text = |text| ToolContent { kind: always::TextWord::Always, text };
    ToolResult { content: output.content.into_iter().map(text).collect(), details: output.details }
}

fn rehearsed(rehearsal: Rehearsal, invocation: &Invocation) -> ToolResult {
    let Rehearsal { tool, args, approval } = rehearsal;
    let agent = invocation.context.agent.as_str();
    let session = invocation.context.session.as_ref().map(|key| key.as_str());
    let text = format!("Dry run: {tool} would run for agent {agent}. Nothing was run.");
    let details: Value = json!({
        "tool": tool,
        "agent": agent,
        "session": session,
        "approval": approval,
        "args": args,
    });
    ToolResult { content: vec![ToolContent { kind: always::TextWord::Always, text }], details }
}
