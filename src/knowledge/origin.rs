//! The keys by which exporters name the process that wrote a line: two processes taken for one would mix their requests.
//!
//! Sources: Kubernetes, Docker and ECS metadata as Loki, Filebeat, Fluent Bit, Vector, Datadog, OTLP, GCP, Azure, Splunk, GELF and
//! journald write them.

/// Keys, in small letters and without what joins their words.
pub const ORIGIN_KEYS: [&str; 44] = [
    "agentname",
    "cluster",
    "clustername",
    "computer",
    "container",
    "containerid",
    "containername",
    "ecscontainername",
    "ecstaskarn",
    "file",
    "filename",
    "filepath",
    "host",
    "hostid",
    "hostip",
    "hostname",
    "instance",
    "instanceid",
    "k8sclustername",
    "k8scontainername",
    "k8snamespacename",
    "k8snodename",
    "k8spodname",
    "k8spoduid",
    "logfilepath",
    "logstream",
    "logstreamname",
    "machine",
    "node",
    "nodename",
    "path",
    "pid",
    "pod",
    "podid",
    "podname",
    "poduid",
    "processpid",
    "replica",
    "revisionname",
    "serviceinstanceid",
    "systemdunit",
    "task",
    "taskarn",
    "unit",
];

/// Whether a key names the process; `kubernetes.pod_name`, `K8S-Pod-Name` and `podName` are one.
#[must_use]
pub fn names_origin(key: &str) -> bool {
    let plain: String = key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    ORIGIN_KEYS.binary_search(&plain.as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_and_found() {
        assert!(ORIGIN_KEYS.is_sorted());
        for (key, expected) in [("pod_name", true), ("k8s.pod.name", true), ("_PID", true), ("stream", false), ("level", false), ("id", false)] {
            assert_eq!(names_origin(key), expected, "{key}");
        }
    }
}
