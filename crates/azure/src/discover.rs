//! The endpoints of an Azure of which only the Resource Manager is known. Nobody signs in for that.

use crate::cloud::Cloud;
use crate::versions;
use azure_core::http::{HttpClient, Method, Request};
use futures::StreamExt;
use std::sync::Arc;
use url::Url;

/// The largest description that is read.
const MAX_BODY: usize = 1 << 20;

impl Cloud {
    /// A cloud by its name, or by the https address of its Resource Manager.
    pub async fn find(name: &str, transport: &Arc<dyn HttpClient>) -> Result<Self, String> {
        if !name.contains("://") {
            return Self::named(name).map_err(|error| error.to_string());
        }
        let arm = name.trim_end_matches('/');
        let address = format!("{arm}/metadata/endpoints?api-version={}", versions::METADATA);
        let url = Url::parse(&address).map_err(|error| format!("{name}: {error}"))?;
        if url.scheme() != "https" {
            return Err(format!("{name}: tokens are sent over https only"));
        }
        let said = |why: String| format!("{arm} does not describe itself: {why}");
        let request = Request::new(url, Method::Get);
        let response = transport.execute_request(&request).await.map_err(|error| said(innermost(&error)))?;
        let (status, _, mut stream) = response.deconstruct();
        let mut body = Vec::new();
        while let Some(chunk) = stream.next().await {
            body.extend_from_slice(&chunk.map_err(|error| said(innermost(&error)))?);
            if body.len() > MAX_BODY {
                return Err(said("the description is too large".to_owned()));
            }
        }
        if !status.is_success() {
            return Err(said(format!("status {}", u16::from(status))));
        }
        let metadata = serde_json::from_slice(&body).map_err(|error| said(error.to_string()))?;
        Self::of_metadata(arm, &metadata).map_err(|error| error.to_string())
    }
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
