fn main() {
    let paths: Vec<std::path::PathBuf> = std::env::args().skip(1).filter(|a| a != "--format" && a != "json").map(Into::into).collect();
    let r = streamfall::analyze(&paths, streamfall::Options::default()).unwrap();
    streamfall::output::json::write(&r, &mut std::io::stdout()).unwrap();
    std::process::exit(i32::from(r.summary.requests > 0));
}
