"""Cloud Custodian's own collectors against an Azure on loopback: how many resources of each type come back.

    c7n_collect.py BASE TYPE SUBSCRIPTION...      AZURE_ACCESS_TOKEN and REQUESTS_CA_BUNDLE come from the environment
"""
import os, sys
from msrestazure import azure_cloud

base, kind, subscriptions = sys.argv[1], sys.argv[2], sys.argv[3:]
# Before c7n is imported: it takes the endpoints over when it is.
azure_cloud.AZURE_PUBLIC_CLOUD.endpoints.resource_manager = base
azure_cloud.AZURE_PUBLIC_CLOUD.endpoints.management = base
from c7n.config import Config
from c7n.policy import PolicyCollection
from c7n.resources import load_resources
from c7n.utils import reset_session_cache

load_resources((kind,))
total = 0
for subscription in subscriptions:
    os.environ["AZURE_SUBSCRIPTION_ID"] = subscription
    reset_session_cache()
    config = Config.empty(output_dir="/tmp/unused", cache="", cache_period=0)
    policies = PolicyCollection.from_data({"policies": [{"name": "all", "resource": kind}]}, config)
    total += len(next(iter(policies)).resource_manager.resources())
print(total)
