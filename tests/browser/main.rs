//! Pages in a real browser, driven headless: they load without an error, and a reader can do in them what they are for.
//! What a page has in it is tested elsewhere. Where there is no Chromium, these tests say so and pass.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use assert_cmd::cargo::CommandCargoExt;
use tempfile::TempDir;

/// What Chromium is called.
const BROWSERS: [&str; 4] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// No browser needs so long; one that hangs is ended.
const PATIENCE: Duration = Duration::from_secs(120);

/// The browser of this machine; `None` if it has none.
fn browser() -> Option<&'static str> {
    let answers = |name: &&&str| {
        let asked = Command::new(name).arg("--version").stderr(Stdio::null()).output();
        asked.is_ok_and(|output| output.status.success())
    };
    let found = BROWSERS.iter().find(answers).copied();
    if found.is_none() {
        eprintln!("skipped: there is no browser ({})", BROWSERS.join(", "));
    }
    found
}

/// A folder with pages, and a browser that looks at them.
struct Desk {
    folder: TempDir,
    browser: &'static str,
}

impl Desk {
    /// `None` if there is no browser.
    fn new() -> Option<Self> {
        let browser = browser()?;
        Some(Self { folder: tempfile::tempdir().expect("a folder"), browser })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `withheld` among the files of this repository.
    fn withheld(&self, args: &[&str]) -> Output {
        let mut command = Command::cargo_bin("withheld").expect("the program");
        command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).output().expect("a run")
    }

    /// The page of a scenario file.
    fn page_of(&self, scenario: &str) -> PathBuf {
        let page = self.path(&format!("{}.html", scenario.replace('/', "-")));
        let file = format!("scenarios/{scenario}.json");
        let output = self.withheld(&["run", &file, "--html", &page.to_string_lossy()]);
        assert!(output.status.success(), "{output:?}");
        page
    }

    /// Opens a page with something behind `#`, and lets it do `what`.
    fn open(&self, page: &Path, hash: &str, size: (u32, u32), what: &str) -> String {
        let profile = format!("--user-data-dir={}", self.path("profile").display());
        let size = format!("--window-size={},{}", size.0, size.1);
        let address = format!("file://{}#{hash}", page.display());
        // Without a sandbox, because tests in containers run as root; the pages are our own.
        let fixed = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--no-pdf-header-footer",
        ];
        let mut child = Command::new(self.browser)
            .args(fixed)
            .args([
                "--no-first-run",
                "--virtual-time-budget=20000",
                &profile,
                &size,
                what,
                &address,
            ])
            .stdout(fs::File::create(self.path("dom.html")).expect("a file"))
            .stderr(Stdio::null())
            .spawn()
            .expect("the browser starts");
        for _ in 0..PATIENCE.as_millis() / 50 {
            if child.try_wait().expect("a process").is_some() {
                return fs::read_to_string(self.path("dom.html")).expect("what it printed");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        child.kill().expect("it can be ended");
        panic!("the browser did not end within {PATIENCE:?}");
    }

    /// Lets a page check itself, and returns what it says.
    fn check(&self, page: &Path, size: (u32, u32)) {
        // A busy machine may give the browser no frame within its budget: then it prints the page before that has checked itself.
        let mut doms = (0..ATTEMPTS).map(|_| self.open(page, "selftest", size, "--dump-dom"));
        let checked = doms.find_map(|dom| Some(dom.rsplit_once(TOLD)?.1.to_owned()));
        let told = checked.unwrap_or_else(|| {
            panic!("{}: the page has not checked itself, {ATTEMPTS} times", page.display())
        });
        let told = told.split("</pre>").next().unwrap_or_default();
        assert!(told.starts_with("selftest: ok, "), "{}: {told}", page.display());
    }

    /// A page on paper, without that which tells when it was printed.
    fn print(&self, page: &Path, hash: &str) -> String {
        let paper = self.path("paper.pdf");
        let to = format!("--print-to-pdf={}", paper.display());
        self.open(page, hash, (1280, 800), &to);
        let bytes = fs::read(&paper).expect("it was printed");
        assert!(bytes.starts_with(b"%PDF"));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let dated = ["/CreationDate", "/ModDate", "/ID"];
        let lines = text.lines().filter(|line| !dated.iter().any(|word| line.contains(word)));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// A picture of a page; that something is seen on it shows in its size.
    fn picture(&self, page: &Path, hash: &str, size: (u32, u32)) -> Vec<u8> {
        let picture = self.path("picture.png");
        self.open(page, hash, size, &format!("--screenshot={}", picture.display()));
        let bytes = fs::read(&picture).expect("a picture was taken");
        assert_eq!(&bytes[1..4], b"PNG");
        assert!(bytes.len() > 20_000, "{} bytes: hardly anything is seen", bytes.len());
        bytes
    }
}

/// How often a page is opened until it has checked itself.
const ATTEMPTS: usize = 5;
/// What stands before that which a page says of itself.
const TOLD: &str = "<pre id=\"selftest\">";

const ROOMS: [&str; 4] = [
    "incidents/element_android_tells_blocked_and_empty_devices_again_and_again",
    "incidents/a_copied_store_and_a_second_reader_are_gone_after_the_heal",
    "transport/a_server_that_drops_what_exceeds_a_batch_loses_keys",
    "policy/a_message_may_be_refused_instead_of_withheld_from_somebody",
];

#[test]
fn rooms_can_be_read_explained_and_stepped_through() {
    let Some(desk) = Desk::new() else { return };
    for room in ROOMS {
        desk.check(&desk.page_of(room), (1280, 800));
    }
}

#[test]
fn a_room_of_more_than_ten_thousand_facts_is_smooth() {
    let Some(desk) = Desk::new() else { return };
    let room = "incidents/two_hundred_empty_devices_are_told_once_in_twenty_messages";
    desk.check(&desk.page_of(room), (2000, 1100));
}

#[test]
fn a_page_is_seen_in_light_and_in_dark() {
    let Some(desk) = Desk::new() else { return };
    let page = desk.page_of(ROOMS[1]);
    let light = desk.picture(&page, "theme=light", (1280, 800));
    let dark = desk.picture(&page, "theme=dark", (1280, 800));
    let wide = desk.picture(&page, "theme=light", (2000, 1100));
    assert!(light != dark && light != wide);
}

/// Paper is white whatever the screen is, and has the picture: what is printed of a dark page is what is printed of a light one.
#[test]
fn a_page_is_printed_alike_in_light_and_in_dark() {
    let Some(desk) = Desk::new() else { return };
    let page = desk.page_of(ROOMS[1]);
    // On a busy machine a browser may print before it is done: what depends on the screen does so every time.
    let alike = (0..ATTEMPTS).find_map(|_| {
        let light = desk.print(&page, "theme=light");
        (light == desk.print(&page, "theme=dark")).then_some(light)
    });
    let light = alike.expect("what is printed does not depend on the screen");
    assert!(sheets(&light) > 1, "verdicts, broken rules and the picture need more than one sheet");
    let all = desk.print(&page, "scope=all");
    assert!(sheets(&all) > 2 * sheets(&light), "all facts are printed: {} sheets", sheets(&all));
}

/// How many sheets of paper a document has.
fn sheets(pdf: &str) -> usize {
    pdf.lines().filter(|line| line.contains("/Type /Page") && !line.contains("/Pages")).count()
}

#[test]
fn a_campaign_can_be_looked_through() {
    let Some(desk) = Desk::new() else { return };
    let folder = desk.path("campaign");
    let out = folder.to_string_lossy().into_owned();
    let fuzz = ["fuzz", "--no-scenarios", "--subject=X11", "--cases=48", "--max-steps=10", "--out"];
    let mutants = desk.withheld(&["mutants", "X05", "X11", "--json", "--cases=20"]);
    // The table of mutants is put beside a campaign that is there.
    for _ in 0..2 {
        let output = desk.withheld(&[&fuzz[..], &[&out]].concat());
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        fs::write(folder.join("mutants.json"), &mutants.stdout).expect("a file");
    }
    desk.check(&folder.join("index.html"), (1280, 900));
    let rooms = fs::read_dir(folder.join("findings")).expect("findings");
    let pages = rooms.map(|entry| entry.expect("an entry").path());
    let pages: Vec<PathBuf> =
        pages.filter(|path| path.extension().is_some_and(|one| one == "html")).collect();
    assert!(!pages.is_empty(), "rooms that were found have pages");
    for page in pages.iter().take(2) {
        desk.check(page, (1280, 900));
    }
}
