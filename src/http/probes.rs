//! Probes for supervisors: public, never cached, touching nothing but the health handle.

use super::JSON;
use crate::health::{Health, Phase};
use poem::http::{StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry};
use poem_openapi::{ApiResponse, OpenApi};
use serde::Serialize;
use utoipa::ToSchema;

/// The probes.
#[derive(Debug)]
pub(super) struct ProbesApi {
    pub(super) health: Health,
}

/// What a probe found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProbeResponse {
    /// Liveness and start-up: whether all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ok: Option<bool>,
    /// Liveness and start-up: `live`, `started`, `starting` or `draining`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
    /// Readiness: whether work is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<bool>,
}

/// A probe's answer: 200, or 503 with the same body.
#[derive(Debug)]
struct Probe {
    status: StatusCode,
    body: ProbeResponse,
}

#[OpenApi(tag = "super::Tag::Probes")]
impl ProbesApi {
    /// Liveness
    ///
    /// 200 as long as the process answers HTTP.
    #[oai(path = "/health", method = "get", operation_id = "getHealth")]
    async fn health(&self) -> Probe {
        live()
    }

    /// Liveness
    ///
    /// Same as `/health`.
    #[oai(path = "/healthz", method = "get", operation_id = "getHealthz")]
    async fn healthz(&self) -> Probe {
        live()
    }

    /// Liveness
    ///
    /// Same as `/health`.
    #[oai(path = "/livez", method = "get", operation_id = "getLivez")]
    async fn livez(&self) -> Probe {
        live()
    }

    /// Readiness
    ///
    /// 200 while work is accepted, 503 while the gateway starts or drains.
    #[oai(path = "/ready", method = "get", operation_id = "getReady")]
    async fn ready(&self) -> Probe {
        readiness(self.health.phase())
    }

    /// Readiness
    ///
    /// Same as `/ready`.
    #[oai(path = "/readyz", method = "get", operation_id = "getReadyz")]
    async fn readyz(&self) -> Probe {
        readiness(self.health.phase())
    }

    /// Start-up
    ///
    /// 200 once the start is complete, 503 before it and while the gateway drains.
    #[oai(path = "/startup", method = "get", operation_id = "getStartup")]
    async fn startup(&self) -> Probe {
        started(self.health.phase())
    }

    /// Start-up
    ///
    /// Same as `/startup`.
    #[oai(path = "/startupz", method = "get", operation_id = "getStartupz")]
    async fn startupz(&self) -> Probe {
        started(self.health.phase())
    }
}

fn live() -> Probe {
    let body = ProbeResponse { ok: Some(true), status: Some("live"), ready: None };
    Probe { status: StatusCode::OK, body }
}

fn readiness(phase: Phase) -> Probe {
    let ready = phase == Phase::Ready;
    Probe {
        status: status(ready),
        body: ProbeResponse { ok: None, status: None, ready: Some(ready) },
    }
}

fn started(phase: Phase) -> Probe {
    let text = match phase {
        Phase::Starting => "starting",
        Phase::Ready => "started",
        Phase::Draining => "draining",
    };
    let ok = phase == Phase::Ready;
    Probe {
        status: status(ok),
        body: ProbeResponse { ok: Some(ok), status: Some(text), ready: None },
    }
}

fn status(well: bool) -> StatusCode {
    if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

impl IntoResponse for Probe {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.body).expect("a probe's body is plain");
        Response::builder()
            .status(self.status)
            .header(header::CONTENT_TYPE, JSON)
            .header(header::CACHE_CONTROL, "no-store")
            .body(body)
    }
}

impl ApiResponse for Probe {
    fn meta() -> MetaResponses {
        let answer = |status, description| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content: vec![MetaMediaType {
                content_type: "application/json",
                schema: MetaSchemaRef::Reference(ProbeResponse::name().into_owned()),
            }],
            headers: vec![],
        };
        MetaResponses { responses: vec![answer(200, "Well."), answer(503, "Not now.")] }
    }

    fn register(registry: &mut Registry) {
        super::json::register_schema::<ProbeResponse>(registry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_follow_the_phase() {
        let codes = |phase| (readiness(phase).status.as_u16(), started(phase).status.as_u16());
        assert_eq!(codes(Phase::Starting), (503, 503));
        assert_eq!(codes(Phase::Ready), (200, 200));
        assert_eq!(codes(Phase::Draining), (503, 503));
        assert_eq!(started(Phase::Draining).body.status, Some("draining"));
    }
}
