//! Lines as they are held until they are linked. They are read once or twice more, and JSON takes longer to read than all that is made of it; so
//! most of them, the errors of a log, are written in bytes of this process' own. The others stay what they are.

use std::borrow::Cow;

use super::error::{Chain, Error, Text};
use super::line::{Fact, Line, Statement};
use super::time::Shown;
use crate::fact::{Answer, Output, Role};
use crate::record::Time;

/// How a line is written.
const JSON: u8 = 0;
const ERROR: u8 = 1;

const ROLES: [Role; 15] = [
    Role::HopFailed,
    Role::FallbackFailed,
    Role::ResponsesFallbackFailed,
    Role::StreamError,
    Role::RequestError,
    Role::MessagesError,
    Role::CallFailed,
    Role::ErrorLogged,
    Role::OtherError,
    Role::Payload,
    Role::Span,
    Role::Generation,
    Role::SpendLog,
    Role::ClientError,
    Role::Fragment,
];
const OUTPUTS: [Output; 3] = [Output::Both, Output::Out, Output::Err];

/// Writes a line, which stands so in its file.
pub(super) fn pack(line: &Line<'_>, json: &[u8], out: &mut Vec<u8>) {
    let begin = out.len();
    out.push(ERROR);
    if write_line(line, out).is_none() {
        out.truncate(begin);
        out.push(JSON);
        write_bytes(json, out);
    }
}

/// Reads lines that were written so, up to one that was not.
pub(super) fn unpack(packed: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut rest = Rest(packed);
    std::iter::from_fn(move || match rest.byte().ok()? {
        JSON => serde_json::from_slice(rest.bytes().ok()?).ok(),
        _ => rest.line().ok(),
    })
}

/// Writes a line, if it is one of those.
fn write_line(line: &Line<'_>, out: &mut Vec<u8>) -> Option<()> {
    let Statement::Error(error) = &line.fact.statement else { return None };
    if !line.levels.is_empty() || !line.lists.is_empty() || error.attempt.is_some() {
        return None;
    }
    write_number(line.strings.len() as u64, out);
    line.strings.iter().for_each(|string| write_bytes(string.as_bytes(), out));
    write_number(line.texts.len() as u64, out);
    line.texts.iter().for_each(|text| write_text(text, out));
    write_fact(&line.fact, out)?;
    write_error(error, out)
}

fn write_text(text: &Text, out: &mut Vec<u8>) {
    out.push(u8::from(text.mid_stream));
    write_maybe(text.configured, out);
    write_maybe(text.neighbour, out);
    write_number(text.levels.len() as u64, out);
    for (level, id) in &text.levels {
        write_number(u64::from(*level), out);
        write_maybe(*id, out);
    }
}

fn write_fact(fact: &Fact, out: &mut Vec<u8>) -> Option<()> {
    for number in [fact.place.0, fact.place.1, u64::from(fact.stream)] {
        write_number(number, out);
    }
    out.push(flags([fact.line.is_some(), fact.lines.is_some(), fact.answer.is_some(), fact.time.is_some()]));
    fact.line.into_iter().chain(fact.lines).for_each(|number| write_number(number, out));
    if let Some(Answer { chat, status }) = fact.answer {
        out.push(u8::from(chat));
        write_number(u64::from(status), out);
    }
    if let Some(Shown(time)) = fact.time {
        out.push(flags([time.date.is_some(), time.fine, time.utc, false]));
        if let Some((year, month, day)) = time.date {
            write_number(u64::from(year), out);
            out.extend([month, day]);
        }
        write_number(time.micros, out);
    }
    out.push(place_in(&OUTPUTS, &fact.output)?);
    write_numbers(&fact.quote, out);
    Some(())
}

fn write_error(error: &Error, out: &mut Vec<u8>) -> Option<()> {
    out.push(place_in(&ROLES, &error.role)?);
    out.push(flags([error.damaged, error.without_traceback, error.chain.is_some(), error.origin.is_some()]));
    write_number(u64::from(error.text), out);
    if let Some(chain) = &error.chain {
        out.push(flags([chain.no_stream_traces, chain.nested, false, false]));
        write_numbers(&chain.texts, out);
        write_maybe(chain.route, out);
    }
    if let Some((file, line)) = error.origin {
        write_number(u64::from(file), out);
        write_number(u64::from(line), out);
    }
    write_maybe(error.call_id, out);
    write_maybe(error.model, out);
    Some(())
}

fn place_in<T: PartialEq>(table: &[T], value: &T) -> Option<u8> {
    table.iter().position(|known| known == value).and_then(|at| u8::try_from(at).ok())
}

fn flags(flags: [bool; 4]) -> u8 {
    (0..).zip(flags).map(|(at, flag)| u8::from(flag) << at).sum()
}

/// Seven bits in a byte, the lowest first.
fn write_number(mut number: u64, out: &mut Vec<u8>) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return out.push(low & 0x7f);
        }
        out.push(low | 0x80);
    }
}

fn write_maybe(number: Option<u32>, out: &mut Vec<u8>) {
    write_number(number.map_or(0, |number| u64::from(number) + 1), out);
}

fn write_numbers(numbers: &[u32], out: &mut Vec<u8>) {
    write_number(numbers.len() as u64, out);
    for number in numbers {
        write_number(u64::from(*number), out);
    }
}

fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_number(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// What is still to be read.
struct Rest<'l>(&'l [u8]);

/// Bytes are no line: this process has not written them.
#[derive(Debug, PartialEq)]
struct Damaged;

type Unpacked<T> = Result<T, Damaged>;

impl<'l> Rest<'l> {
    fn line(&mut self) -> Unpacked<Line<'l>> {
        let strings = self.many(|rest| std::str::from_utf8(rest.bytes()?).map(Cow::Borrowed).map_err(|_| Damaged))?;
        let texts = self.many(Rest::text)?;
        let fact = self.fact()?;
        let statement = Statement::Error(Box::new(self.error()?));
        Ok(Line { strings, levels: Vec::new(), lists: Vec::new(), texts, fact: Fact { statement, ..fact } })
    }

    fn text(&mut self) -> Unpacked<Text> {
        let (mid_stream, configured, neighbour) = (self.byte()? != 0, self.maybe()?, self.maybe()?);
        let levels = self.many(|rest| Ok((rest.number()?, rest.maybe()?)))?;
        Ok(Text { mid_stream, levels, configured, neighbour })
    }

    /// A fact, before it is known what it says.
    fn fact(&mut self) -> Unpacked<Fact> {
        let (place, stream) = ((self.number()?, self.number()?), self.number()?);
        let [line, lines, answer, time] = self.flags()?;
        Ok(Fact {
            place,
            stream,
            line: self.if_so(line, Rest::number)?,
            lines: self.if_so(lines, Rest::number)?,
            answer: self.if_so(answer, |rest| Ok(Answer { chat: rest.byte()? != 0, status: rest.number()? }))?,
            time: self.if_so(time, Rest::time)?,
            output: self.one_of(&OUTPUTS)?,
            quote: self.many(Rest::number)?,
            statement: Statement::NoHop,
        })
    }

    fn time(&mut self) -> Unpacked<Shown> {
        let [date, fine, utc, _] = self.flags()?;
        let date = self.if_so(date, |rest| Ok((rest.number()?, rest.byte()?, rest.byte()?)))?;
        Ok(Shown(Time { date, micros: self.number()?, fine, utc }))
    }

    fn error(&mut self) -> Unpacked<Error> {
        let role = self.one_of(&ROLES)?;
        let [damaged, without_traceback, chain, origin] = self.flags()?;
        Ok(Error {
            role,
            damaged,
            without_traceback,
            text: self.number()?,
            chain: self.if_so(chain, Rest::chain)?,
            origin: self.if_so(origin, |rest| Ok((rest.number()?, rest.number()?)))?,
            call_id: self.maybe()?,
            model: self.maybe()?,
            attempt: None,
        })
    }

    fn chain(&mut self) -> Unpacked<Chain> {
        let [no_stream_traces, nested, ..] = self.flags()?;
        Ok(Chain { no_stream_traces, nested, texts: self.many(Rest::number)?, route: self.maybe()? })
    }

    fn byte(&mut self) -> Unpacked<u8> {
        let (first, rest) = self.0.split_first().ok_or(Damaged)?;
        self.0 = rest;
        Ok(*first)
    }

    fn number<N: TryFrom<u64>>(&mut self) -> Unpacked<N> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift).ok_or(Damaged)?;
            if byte < 0x80 {
                return N::try_from(number).map_err(|_| Damaged);
            }
            shift += 7;
        }
    }

    fn maybe(&mut self) -> Unpacked<Option<u32>> {
        let above = self.number::<u64>()?.checked_sub(1);
        above.map(u32::try_from).transpose().map_err(|_| Damaged)
    }

    fn flags(&mut self) -> Unpacked<[bool; 4]> {
        let flags = self.byte()?;
        Ok([0, 1, 2, 3].map(|at| flags & 1 << at != 0))
    }

    fn one_of<T: Copy>(&mut self, table: &[T]) -> Unpacked<T> {
        table.get(usize::from(self.byte()?)).copied().ok_or(Damaged)
    }

    fn bytes(&mut self) -> Unpacked<&'l [u8]> {
        let length = self.number()?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Damaged)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn many<T>(&mut self, mut read: impl FnMut(&mut Rest<'l>) -> Unpacked<T>) -> Unpacked<Vec<T>> {
        (0..self.number::<u64>()?).map(|_| read(self)).collect()
    }

    fn if_so<T>(&mut self, so: bool, read: impl FnOnce(&mut Rest<'l>) -> Unpacked<T>) -> Unpacked<Option<T>> {
        if so { read(self).map(Some) } else { Ok(None) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_line_comes_back() {
        let lines = [
            r#"{"f":{"p":[1,2],"is":"no_hop"}}"#,
            r#"{"s":["a","€"],"t":[{"m":true,"l":[[3,4],[5,null]],"k":0,"b":14}],"f":{"p":[109,8067],"n":7,"i":3,"c":81,"o":"err","a":{"chat":true,"status":400},"w":"07:35:19","q":[21,4294967295],"is":{"error":{"r":"request_error","t":3,"x":{"t":[1,4],"u":19},"o":[20,1730]}}}}"#,
            r#"{"f":{"p":[1,18446744073709551615],"w":"2026-11-22T07:36:15.560479Z","is":{"error":{"r":"fragment","t":0,"d":true,"b":true,"x":{"z":true,"n":true},"i":1,"m":0}}}}"#,
            r#"{"l":[{"c":0,"r":{}}],"f":{"p":[1,2],"is":{"error":{"r":"span","t":0}}}}"#,
            r#"{"f":{"p":[1,2],"is":{"error":{"r":"payload","t":0,"a":{"f":"payload","o":"attempt"}}}}}"#,
        ];
        let mut packed = Vec::new();
        for line in lines {
            pack(&serde_json::from_str(line).unwrap(), line.as_bytes(), &mut packed);
        }
        assert!(packed.len() < lines.iter().map(|line| line.len()).sum());
        let read: Vec<String> = unpack(&packed).map(|line| serde_json::to_string(&line).unwrap()).collect();
        let written = lines.map(|line| serde_json::to_string(&serde_json::from_str::<Line<'_>>(line).unwrap()).unwrap());
        assert_eq!(read, written);
    }

    #[test]
    fn every_role_has_its_place() {
        let next = |role| match role {
            Role::HopFailed => Some(Role::FallbackFailed),
            Role::FallbackFailed => Some(Role::ResponsesFallbackFailed),
            Role::ResponsesFallbackFailed => Some(Role::StreamError),
            Role::StreamError => Some(Role::RequestError),
            Role::RequestError => Some(Role::MessagesError),
            Role::MessagesError => Some(Role::CallFailed),
            Role::CallFailed => Some(Role::ErrorLogged),
            Role::ErrorLogged => Some(Role::OtherError),
            Role::OtherError => Some(Role::Payload),
            Role::Payload => Some(Role::Span),
            Role::Span => Some(Role::Generation),
            Role::Generation => Some(Role::SpendLog),
            Role::SpendLog => Some(Role::ClientError),
            Role::ClientError => Some(Role::Fragment),
            Role::Fragment => None,
        };
        assert_eq!(std::iter::successors(Some(ROLES[0]), |role| next(*role)).collect::<Vec<_>>(), ROLES);
    }

    proptest! {
        #[test]
        fn numbers_come_back(number in any::<u64>(), shift in 0_u32..64, short in proptest::option::of(any::<u32>())) {
            let mut out = Vec::new();
            write_number(number >> shift, &mut out);
            write_maybe(short, &mut out);
            let mut rest = Rest(&out);
            prop_assert_eq!((rest.number(), rest.maybe(), rest.0.len()), (Ok(number >> shift), Ok(short), 0));
        }

        #[test]
        fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            unpack(&bytes).for_each(drop);
        }
    }
}
