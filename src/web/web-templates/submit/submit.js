
// While a request is typed: the articles that may answer it (the page that follows shows them without
// this script).
for (const form of document.querySelectorAll("form[data-suggest]")) {
  const place = form.querySelector("#suggestions");
  const title = form.elements.namedItem("titre");
  const details = form.elements.namedItem("details");
  let timer;
  let asking;
  let asked = "";
  const ask = async () => {
    // As a form is sent: in an address, what somebody types would lie in logs.
    const body = new URLSearchParams({
      titre: title.value.trim().slice(0, 150),
      details: details.value.trim().slice(0, 400),
    });
    if (body.toString() === asked) return;
    asked = body.toString();
    asking?.abort();
    asking = new AbortController();
    try {
      const answer = await fetch(form.dataset.suggest, { method: "POST", body, signal: asking.signal });
      if (!answer.ok) return;
      const piece = new DOMParser().parseFromString(await answer.text(), "text/html");
      place.replaceChildren(...piece.body.children);
      place.hidden = place.children.length === 0;
    } catch {
      // Another question was put meanwhile, or nobody answers: the form is there all the same.
    }
  };
  form.addEventListener("input", (event) => {
    if (event.target !== title && event.target !== details) return;
    clearTimeout(timer);
    timer = setTimeout(ask, 500);
  });
}
