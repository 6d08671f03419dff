// Reads what to play from stdin as JSON, plays everything with every player in headless Chromium, and prints one line
// of JSON for each. The page is served from another origin than the media, as in real life; only licences, which need
// the account's token, go through here.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import path from "node:path";
import puppeteer from "puppeteer-core";

const { origin, token, chromium, titles, seconds } = JSON.parse(await text(process.stdin));
const here = import.meta.dirname;

const page = createServer(async (request, response) => {
  try {
    const { pathname } = new URL(request.url, "http://localhost");
    if (pathname === "/") {
      response.setHeader("content-type", "text/html");
      response.end(await readFile(path.join(here, "page.html")));
    } else if (pathname.startsWith("/lib/") && !pathname.includes("..")) {
      response.setHeader("content-type", "text/javascript");
      response.end(await readFile(path.join(here, "node_modules", pathname.slice(5))));
    } else if (pathname.startsWith("/v1/licences/")) {
      const answer = await fetch(origin + pathname, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: await text(request),
      });
      response.writeHead(answer.status, { "content-type": "application/json" });
      response.end(Buffer.from(await answer.arrayBuffer()));
    } else {
      response.writeHead(404).end();
    }
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
await new Promise((resolve) => page.listen(0, "127.0.0.1", resolve));
const base = `http://127.0.0.1:${page.address().port}`;

const browser = await puppeteer.launch({
  executablePath: chromium,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
  ],
});
const deadline = 60_000;

async function play(title, player, manifest) {
  const tab = await browser.newPage();
  const query = new URLSearchParams({ player, manifest: origin + manifest });
  if (title.licence) query.set("licence", base + title.licence);
  const lines = [];
  tab.on("console", (message) => lines.push(message.text()));
  await tab.goto(`${base}/?${query}`);
  const done = `outcome.errors.length > 0 || (outcome.frames > 0 && outcome.position > ${seconds})`;
  await tab.waitForFunction(done, { timeout: deadline, polling: 100 }).catch(() => {});
  const outcome = await tab.evaluate(() => window.outcome);
  await tab.close();
  return { title: title.id, player, manifest: manifest.split("/").pop(), ...outcome, console: lines.slice(-8) };
}

try {
  for (const title of titles) {
    const runs = [
      play(title, "hls", title.hls),
      // dash.js makes no request of our Clear Key initialization data, so it plays what is clear.
      ...(title.licence ? [] : [play(title, "dash", title.dash)]),
      play(title, "shaka", title.dash),
    ];
    for (const outcome of await Promise.all(runs)) console.log(JSON.stringify(outcome));
  }
} finally {
  await browser.close();
  page.close();
}
