//! What a request has of what an answer has. A scan sees what `GET` answers; a denial looks at what `PUT` sends. Some properties no
//! request has, and others the service fills in where a request leaves them out, so the two may come to different verdicts.

use dekey_policy::{Effect, Policy, Subject, Surroundings, Verdict};
use serde_json::Value;
use std::collections::BTreeSet;

/// A type, what only answers have, and what the service fills in.
struct Facts {
    resource_type: &'static str,
    only_answered: &'static [&'static str],
    filled_in: &'static [&'static str],
}

/// From the REST specifications (`readOnly`, `default`) and Microsoft's documentation of defaults.
const FACTS: &[Facts] = &[
    Facts {
        resource_type: "Microsoft.MachineLearningServices/workspaces",
        only_answered: &[
            "identity.principalId",
            "identity.tenantId",
            "properties.agentsEndpointUri",
            "properties.associatedWorkspaces",
            "properties.creationTime",
            "properties.mlFlowTrackingUri",
            "properties.notebookInfo",
            "properties.privateEndpointConnections",
            "properties.privateLinkCount",
            "properties.provisioningState",
            "properties.serviceProvisionedResourceGroup",
            "properties.storageHnsEnabled",
            "properties.tenantId",
            "properties.workspaceId",
        ],
        filled_in: &[
            "properties.allowPublicAccessWhenBehindVnet",
            "properties.allowRoleAssignmentOnRG",
            "properties.discoveryUrl",
            "properties.enableDataIsolation",
            "properties.hbiWorkspace",
            "properties.managedNetwork",
            "properties.publicNetworkAccess",
            "properties.systemDatastoresAuthMode",
            "properties.v1LegacyMode",
        ],
    },
    Facts {
        resource_type: "Microsoft.MachineLearningServices/workspaces/datastores",
        only_answered: &["properties.isDefault"],
        filled_in: &["properties.serviceDataAccessAuthIdentity"],
    },
    Facts {
        resource_type: "Microsoft.MachineLearningServices/workspaces/connections",
        only_answered: &["properties.createdByWorkspaceArmId", "properties.group"],
        filled_in: &["properties.isSharedToAll"],
    },
    Facts {
        resource_type: "Microsoft.MachineLearningServices/workspaces/computes",
        only_answered: &[
            "identity.principalId",
            "properties.createdOn",
            "properties.isAttachedCompute",
            "properties.modifiedOn",
            "properties.properties.allocationState",
            "properties.properties.connectivityEndpoints",
            "properties.properties.currentNodeCount",
            "properties.properties.errors",
            "properties.properties.state",
            "properties.properties.targetNodeCount",
            "properties.provisioningErrors",
            "properties.provisioningState",
        ],
        filled_in: &[
            "properties.disableLocalAuth",
            "properties.properties.enableNodePublicIp",
            "properties.properties.remoteLoginPortPublicAccess",
            "properties.properties.sshSettings.sshPublicAccess",
        ],
    },
    Facts {
        resource_type: "Microsoft.MachineLearningServices/workspaces/onlineEndpoints",
        only_answered: &["properties.provisioningState", "properties.scoringUri", "properties.swaggerUri"],
        filled_in: &["properties.publicNetworkAccess", "properties.traffic"],
    },
    Facts {
        resource_type: "Microsoft.MachineLearningServices/workspaces/batchEndpoints",
        only_answered: &["properties.provisioningState", "properties.scoringUri", "properties.swaggerUri"],
        filled_in: &[],
    },
    Facts {
        resource_type: "Microsoft.Storage/storageAccounts",
        only_answered: &[
            "identity.principalId",
            "properties.creationTime",
            "properties.failoverInProgress",
            "properties.geoReplicationStats",
            "properties.keyCreationTime",
            "properties.primaryEndpoints",
            "properties.primaryLocation",
            "properties.privateEndpointConnections",
            "properties.provisioningState",
            "properties.secondaryEndpoints",
            "properties.secondaryLocation",
            "properties.statusOfPrimary",
            "properties.statusOfSecondary",
            "sku.tier",
        ],
        filled_in: &[
            "properties.accessTier",
            "properties.allowBlobPublicAccess",
            "properties.encryption",
            "properties.minimumTlsVersion",
            "properties.networkAcls",
            "properties.publicNetworkAccess",
            "properties.supportsHttpsTrafficOnly",
        ],
    },
    Facts {
        resource_type: "Microsoft.KeyVault/vaults",
        only_answered: &[
            "properties.hsmPoolResourceId",
            "properties.privateEndpointConnections",
            "properties.provisioningState",
        ],
        filled_in: &[
            "properties.enableRbacAuthorization",
            "properties.enableSoftDelete",
            "properties.publicNetworkAccess",
            "properties.softDeleteRetentionInDays",
            "properties.vaultUri",
        ],
    },
    Facts {
        resource_type: "Microsoft.ContainerRegistry/registries",
        only_answered: &[
            "identity.principalId",
            "properties.creationDate",
            "properties.dataEndpointHostNames",
            "properties.loginServer",
            "properties.privateEndpointConnections",
            "properties.provisioningState",
            "properties.status",
            "sku.tier",
        ],
        filled_in: &[
            "properties.adminUserEnabled",
            "properties.anonymousPullEnabled",
            "properties.dataEndpointEnabled",
            "properties.encryption",
            "properties.networkRuleBypassOptions",
            "properties.networkRuleSet",
            "properties.policies",
            "properties.publicNetworkAccess",
            "properties.roleAssignmentMode",
            "properties.zoneRedundancy",
        ],
    },
    Facts {
        resource_type: "Microsoft.Insights/components",
        only_answered: &[
            "properties.AppId",
            "properties.ApplicationId",
            "properties.ConnectionString",
            "properties.CreationDate",
            "properties.InstrumentationKey",
            "properties.PrivateLinkScopedResources",
            "properties.TenantId",
            "properties.provisioningState",
        ],
        filled_in: &[
            "properties.IngestionMode",
            "properties.RetentionInDays",
            "properties.publicNetworkAccessForIngestion",
            "properties.publicNetworkAccessForQuery",
        ],
    },
];

/// How the verdict on a request may differ from that on what there is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Differs {
    /// Refused by what is there, but the policy looks at what no request has.
    OnlyAnswered,
    /// Refused by what is there, but not if the request leaves out what the service fills in.
    NotIfLeftOut,
    /// Not refused by what is there, but if the request leaves out what the service fills in.
    IfLeftOut,
}

/// The properties of a type that decide whether verdicts on requests differ, of those that a policy looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Partial {
    only_answered: Vec<&'static str>,
    filled_in: Vec<&'static str>,
}

impl Partial {
    /// What of a type a policy looks at that requests may not have. `None` if nothing is known of the type.
    pub(crate) fn of(resource_type: &str, looks_at: &BTreeSet<String>) -> Option<Partial> {
        let facts = FACTS.iter().find(|own| own.resource_type.eq_ignore_ascii_case(resource_type))?;
        let looked_at = |path: &&&str| looks_at.iter().any(|own| touches(own, path));
        Some(Partial {
            only_answered: facts.only_answered.iter().filter(looked_at).copied().collect(),
            filled_in: facts.filled_in.iter().filter(looked_at).copied().collect(),
        })
    }

    /// Whether requests have all that the policy looks at.
    pub(crate) fn is_nothing(&self) -> bool {
        self.only_answered.is_empty() && self.filled_in.is_empty()
    }

    /// What requests may not have.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &'static str> {
        self.only_answered.iter().chain(&self.filled_in).copied()
    }

    /// How the verdict on a request may differ.
    pub(crate) fn differs(
        &self,
        policy: &Policy,
        subject: &Subject<'_>,
        around: &Surroundings<'_>,
        refused: bool,
    ) -> Option<Differs> {
        let refuses = |paths: &mut dyn Iterator<Item = &&'static str>| {
            let mut body = subject.body.clone();
            paths.for_each(|path| take_out(&mut body, path));
            let request = subject.clone().with_body(&body);
            is_refusal(&policy.judge_as(&request, around, Some(&Effect::Deny)))
        };
        if refused && !self.only_answered.is_empty() && !refuses(&mut self.only_answered.iter()) {
            return Some(Differs::OnlyAnswered);
        }
        if self.filled_in.is_empty() {
            return None;
        }
        match (refused, refuses(&mut self.only_answered.iter().chain(&self.filled_in))) {
            (true, false) => Some(Differs::NotIfLeftOut),
            (false, true) => Some(Differs::IfLeftOut),
            _ => None,
        }
    }
}

/// Whether a verdict refuses a request.
pub(crate) fn is_refusal(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::NonCompliant(Effect::Deny) | Verdict::Failed(_))
}

/// Whether one path is the other, or lies below it.
fn touches(one: &str, other: &str) -> bool {
    let below = |long: &str, short: &str| {
        long.get(..short.len()).is_some_and(|head| head.eq_ignore_ascii_case(short))
            && long.as_bytes().get(short.len()).is_none_or(|next| matches!(next, b'.' | b'['))
    };
    below(one, other) || below(other, one)
}

fn take_out(value: &mut Value, path: &str) {
    let Value::Object(map) = value else { return };
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let Some(name) = map.keys().find(|own| own.eq_ignore_ascii_case(first)).cloned() else { return };
    match rest {
        None => {
            map.shift_remove(&name);
        }
        Some(rest) => {
            if let Some(inner) = map.get_mut(&name) {
                take_out(inner, rest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_touch_below_each_other_only() {
        assert!(touches("properties.networkAcls.defaultAction", "properties.networkAcls"));
        assert!(touches("properties", "properties.networkAcls"));
        assert!(touches(
            "properties.privateEndpointConnections[*].id",
            "properties.privateEndpointConnections"
        ));
        assert!(!touches("properties.networkAclsExtra", "properties.networkAcls"));
    }

    #[test]
    fn what_is_taken_out_is_gone_and_the_rest_stays() {
        let mut value = json!({ "properties": { "a": { "b": 1, "c": 2 }, "D": 3 } });
        take_out(&mut value, "properties.A.b");
        take_out(&mut value, "properties.d");
        take_out(&mut value, "properties.none.of.it");
        assert_eq!(value, json!({ "properties": { "a": { "c": 2 } } }));
    }
}
