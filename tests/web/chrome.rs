//! Chromium that does what it is told, through the pipe of its DevTools protocol: a person with a
//! keyboard, or a scanner. The protocol evaluates beside the page, so the page's policy stays as it is.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use data_encoding::BASE64;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// What does not happen within it never happens.
const PATIENCE: Duration = Duration::from_secs(40);

/// No page has so many things to press.
const MOST_TABS: u32 = 150;

pub struct Chrome {
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    session: String,
    calls: u64,
    /// What happened while an answer was awaited.
    events: Vec<Value>,
    // Ended with the test.
    _child: Child,
    _profile: tempfile::TempDir,
}

impl Chrome {
    /// A window of that width and height, in pixels.
    pub async fn open(width: u32, height: u32) -> Self {
        let profile = tempfile::tempdir().expect("a temporary folder");
        // The protocol is spoken on descriptors 3 and 4.
        let mut child = Command::new("sh")
            .args([
                "-c",
                "exec chromium \"$@\" 3<&0 4>&1 0</dev/null 1>&2",
                "sh",
            ])
            .args([
                "--headless",
                "--remote-debugging-pipe",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("chromium starts; on Debian: apt-get install chromium");
        let mut chrome = Self {
            to: child.stdin.take().expect("piped"),
            from: BufReader::new(child.stdout.take().expect("piped")),
            session: String::new(),
            calls: 0,
            events: Vec::new(),
            _child: child,
            _profile: profile,
        };
        let target = chrome
            .call("Target.createTarget", json!({"url": "about:blank"}))
            .await;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = chrome.call("Target.attachToTarget", attach).await;
        chrome.session = attached["sessionId"]
            .as_str()
            .expect("a session")
            .to_owned();
        chrome.call("Page.enable", json!({})).await;
        chrome.call("DOM.enable", json!({})).await;
        chrome.size(width, height).await;
        chrome
    }

    pub async fn size(&mut self, width: u32, height: u32) {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// `light` or `dark`.
    pub async fn colours(&mut self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.call("Emulation.setEmulatedMedia", json!({"features": features}))
            .await;
    }

    /// Whether pages may run scripts.
    pub async fn scripts(&mut self, on: bool) {
        let off = json!({"value": !on});
        self.call("Emulation.setScriptExecutionDisabled", off).await;
    }

    /// Says that it is a person's browser, as scanners do that want to see what people see.
    pub async fn pass_for_a_person(&mut self) {
        let agent = json!({"userAgent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0.0.0"});
        self.call("Emulation.setUserAgentOverride", agent).await;
    }

    async fn read(&mut self) -> Value {
        let mut line = Vec::new();
        let read = self.from.read_until(0, &mut line);
        let read = tokio::time::timeout(PATIENCE, read).await;
        read.expect("the browser answers").expect("a pipe");
        line.pop();
        serde_json::from_slice(&line).expect("JSON")
    }

    pub async fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.calls += 1;
        let mut call = json!({"id": self.calls, "method": method, "params": parameters});
        if !self.session.is_empty() {
            call["sessionId"] = json!(self.session);
        }
        let mut bytes = serde_json::to_vec(&call).expect("JSON");
        bytes.push(0);
        self.to
            .write_all(&bytes)
            .await
            .expect("the browser listens");
        loop {
            let mut answer = self.read().await;
            if answer["id"] == json!(self.calls) {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].take();
            }
            self.events.push(answer);
        }
    }

    /// Waits until a page is there that was not there before `action`.
    async fn loaded(&mut self) {
        let is_load = |event: &Value| event["method"] == "Page.loadEventFired";
        while !self.events.iter().any(is_load) {
            let event = self.read().await;
            self.events.push(event);
        }
        self.events.clear();
    }

    pub async fn go(&mut self, url: &str) {
        self.events.clear();
        self.call("Page.navigate", json!({"url": url})).await;
        self.loaded().await;
    }

    /// The value of an expression on the page; a promise is awaited.
    pub async fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({
            "expression": expression,
            "awaitPromise": true,
            "returnByValue": true,
        });
        let mut answer = self.call("Runtime.evaluate", parameters).await;
        let exception = &answer["exceptionDetails"];
        assert!(exception.is_null(), "{expression:.300}: {exception}");
        answer["result"]["value"].take()
    }

    /// The document as it is now, scripts or not.
    pub async fn document(&mut self) -> String {
        let root = self.call("DOM.getDocument", json!({})).await;
        let node = json!({"nodeId": root["root"]["nodeId"]});
        let html = self.call("DOM.getOuterHTML", node).await;
        html["outerHTML"].as_str().expect("HTML").to_owned()
    }

    async fn node(&mut self, selector: &str) -> Value {
        let root = self.call("DOM.getDocument", json!({})).await;
        let asked = json!({"nodeId": root["root"]["nodeId"], "selector": selector});
        let node = self.call("DOM.querySelector", asked).await;
        assert_ne!(node["nodeId"], json!(0), "{selector} is on the page");
        node["nodeId"].clone()
    }

    pub async fn focus(&mut self, selector: &str) {
        let node = self.node(selector).await;
        self.call("DOM.focus", json!({"nodeId": node})).await;
    }

    /// Chooses files, as the dialog of the browser would.
    pub async fn choose(&mut self, selector: &str, files: &[&Path]) {
        let node = self.node(selector).await;
        let chosen = json!({"nodeId": node, "files": files});
        self.call("DOM.setFileInputFiles", chosen).await;
    }

    /// Types words where the focus is.
    pub async fn write(&mut self, text: &str) {
        self.call("Input.insertText", json!({"text": text})).await;
    }

    /// Presses a key: `Tab`, `Enter`, `Space`, `ArrowRight`.
    pub async fn press(&mut self, key: &str) {
        let (name, code, text) = match key {
            "Tab" => ("Tab", 9, ""),
            "Enter" => ("Enter", 13, "\r"),
            "Space" => (" ", 32, " "),
            "ArrowRight" => ("ArrowRight", 39, ""),
            _ => panic!("{key}?"),
        };
        let mut event = json!({"type": "keyDown", "key": name, "code": key, "windowsVirtualKeyCode": code, "text": text});
        if text.is_empty() {
            event["type"] = json!("rawKeyDown");
        }
        self.call("Input.dispatchKeyEvent", event.clone()).await;
        event["type"] = json!("keyUp");
        event["text"] = json!("");
        self.call("Input.dispatchKeyEvent", event).await;
    }

    /// Presses Tab, from where the focus is, until it is on what was meant: nothing that a keyboard does
    /// not reach.
    pub async fn tab_to(&mut self, selector: &str) {
        for _ in 0..MOST_TABS {
            self.press("Tab").await;
            let there = format!("document.activeElement.matches({selector:?})");
            if self.evaluate(&there).await == true {
                return;
            }
        }
        panic!("{MOST_TABS} times Tab do not lead to {selector}");
    }

    /// Presses a key that leads to another page, and waits for it.
    pub async fn press_and_go(&mut self, key: &str) {
        self.events.clear();
        self.press(key).await;
        self.loaded().await;
    }

    /// Does something to the page that leads to another, and waits for it.
    pub async fn evaluate_and_go(&mut self, expression: &str) {
        self.events.clear();
        self.evaluate(expression).await;
        self.loaded().await;
    }

    /// The page as it is seen, the whole of it, as a PNG.
    pub async fn picture(&mut self) -> Vec<u8> {
        let whole = json!({"captureBeyondViewport": true});
        let taken = self.call("Page.captureScreenshot", whole).await;
        let data = taken["data"].as_str().expect("a picture");
        BASE64.decode(data.as_bytes()).expect("base64")
    }

    /// What axe-core finds wrong with the page, a line each.
    pub async fn violations(&mut self) -> Vec<String> {
        let axe = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/web/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(&axe)
            .unwrap_or_else(|error| panic!("no axe-core ({error}): tests/run installs it"));
        self.evaluate(&axe).await;
        let found = self
            .evaluate(
                "axe.run({resultTypes: ['violations']}).then(found => found.violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.html} ${n.failureSummary}`)))",
            )
            .await;
        let found = found.as_array().expect("a list").iter();
        found
            .map(|line| line.as_str().unwrap_or_default().to_owned())
            .collect()
    }
}
