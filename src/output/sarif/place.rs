//! Places as SARIF names them: an artifact by its URI, once in the run's list and by its index from then on.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::shape::{Artifact, ArtifactLocation, ArtifactProperties, Location, PhysicalLocation, Region, Text};
use crate::fact::Place;
use crate::report::{InputRead, Report};

/// The artifacts that results point to, in the order in which they do.
pub(super) struct Artifacts<'a> {
    report: &'a Report,
    inputs: HashMap<usize, &'a InputRead>,
    known: HashMap<u32, ArtifactLocation>,
    pub(super) all: Vec<Artifact<'a>>,
}

impl<'a> Artifacts<'a> {
    pub(super) fn new(report: &'a Report) -> Artifacts<'a> {
        let inputs = report.inputs.iter().map(|input| (input.index, input)).collect();
        Artifacts { report, inputs, known: HashMap::new(), all: Vec::new() }
    }

    pub(super) fn location(&mut self, place: Place, message: Option<Text>) -> Location {
        let artifact_location = match self.known.get(&place.source) {
            Some(known) => known.clone(),
            None => self.add(place),
        };
        Location { physical_location: PhysicalLocation { artifact_location, region: Region { start_line: place.line.max(1) } }, message }
    }

    fn add(&mut self, place: Place) -> ArtifactLocation {
        let location = ArtifactLocation { uri: uri(self.report.path(place)), index: self.all.len() };
        let input = self.inputs.get(&(place.source as usize));
        let properties = ArtifactProperties { shape: input.map_or("unknown", |input| input.shape()), bytes: input.map_or(0, |input| input.bytes) };
        self.all.push(Artifact { location: location.clone(), properties });
        self.known.insert(place.source, location.clone());
        location
    }
}

/// The URI reference of an input's name (RFC 3986): relative as the path is, so that a repository's own files are known.
pub(in crate::output) fn uri(name: &str) -> String {
    let name = if cfg!(windows) { name.replace('\\', "/") } else { name.to_owned() };
    let scheme = match name.as_bytes() {
        [b'/', ..] => "file://",
        [drive, b':', b'/', ..] if cfg!(windows) && drive.is_ascii_alphabetic() => "file:///",
        _ => "",
    };
    let mut uri = scheme.to_owned();
    // `String` takes whatever is written.
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'!' => uri.push(char::from(byte)),
            other => _ = write!(uri, "%{other:02X}"),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn names_of_inputs_as_uri_references() {
        let cases = [
            ("logs/proxy.log", "logs/proxy.log"),
            ("../proxy 1.log", "../proxy%201.log"),
            ("/var/log/proxy.log", "file:///var/log/proxy.log"),
            ("dump.tar.gz!/pod/0.log", "dump.tar.gz!/pod/0.log"),
            ("<stdin>", "%3Cstdin%3E"),
            ("host:proxy.log", "host%3Aproxy.log"),
            ("100%/größe#1?.log", "100%25/gr%C3%B6%C3%9Fe%231%3F.log"),
            ("javascript:alert(1)", "javascript%3Aalert%281%29"),
            ("a\n\u{202e}b", "a%0A%E2%80%AEb"),
        ];
        for (name, expected) in cases {
            assert_eq!(uri(name), expected, "{name}");
        }
    }
}
