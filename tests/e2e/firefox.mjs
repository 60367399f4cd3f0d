// Drives Debian's Firefox for a test: one JSON command a line on standard input, one JSON answer a line on standard output.
import { createInterface } from "node:readline";
import puppeteer from "puppeteer-core";

const PATIENCE_MS = 90_000; // a busy machine takes its time; whoever waits is told at once when it is there

const browser = await puppeteer.launch({
  browser: "firefox",
  timeout: PATIENCE_MS,
  protocolTimeout: 2 * PATIENCE_MS,
  executablePath: "/usr/bin/firefox-esr",
  headless: true,
  extraPrefsFirefox: {
    "media.navigator.streams.fake": true,
    "media.navigator.permission.disabled": true,
    "media.peerconnection.ice.loopback": true,
    "media.peerconnection.ice.obfuscate_host_addresses": false,
    "media.autoplay.default": 0,
    "app.update.disabledForTesting": true,
    "network.captive-portal-service.enabled": false,
    "network.connectivity-service.enabled": false,
  },
});
const pages = new Map();

async function page(name, state) {
  if (!pages.has(name)) {
    const context = await browser.createBrowserContext();
    const made = await context.newPage();
    await made.setViewport({ width: 1000, height: 800 });
    for (const { name: key, value, domain, path } of state?.cookies ?? []) {
      await context.setCookie({ name: key, value, domain, path, httpOnly: true, sameSite: "Lax", secure: false });
    }
    pages.set(name, made);
  }
  return pages.get(name);
}

const deeds = {
  open: async ({ who, url, state }) => void (await (await page(who, state)).goto(url, { timeout: PATIENCE_MS })),
  click: async ({ who, selector }) => {
    const one = await page(who);
    await one.waitForSelector(selector, { visible: true, timeout: PATIENCE_MS });
    await one.$eval(selector, (element) => element.click());
  },
  wait: async ({ who, expression }) =>
    void (await (await page(who)).waitForFunction(expression, { timeout: PATIENCE_MS, polling: 200 })),
  evaluate: async ({ who, expression }) => (await page(who)).evaluate(expression),
  url: async ({ who }) => (await page(who)).url(),
  close: async () => void (await browser.close()),
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await deeds[command.deed](command)) ?? null };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
  if (command.deed === "close") process.exit(0);
}
