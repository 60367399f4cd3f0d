// Firefox (WebDriver BiDi): unlock by passphrase, play, and tell where each person's picture stands.
import puppeteer from "puppeteer-core";

const { URL: address, PASSPHRASE, SESSION } = process.env;
const browser = await puppeteer.launch({ browser: "firefox", executablePath: "/usr/bin/firefox-esr", headless: true, args: ["--no-sandbox"], extraPrefsFirefox: { "media.autoplay.default": 0 } });
try {
  const { hostname } = new URL(address);
  await browser.setCookie({ name: "session", value: SESSION, domain: hostname, path: "/", httpOnly: true });
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(address);
  await page.waitForSelector("[data-unlock-ready]:not([hidden])");
  await page.type("#unlock-with", PASSPHRASE);
  await page.click("[data-unlock-passphrase] button");
  await page.waitForSelector("[data-controls]:not([hidden])");
  await page.click("[data-toggle]");
  await page.waitForFunction(() => [...document.querySelectorAll("video")].length === 2 && [...document.querySelectorAll("video")].every((one) => one.currentTime > 0.5));
  const times = await page.$$eval("video", (all) => all.map((one) => one.currentTime));
  console.log(JSON.stringify({ times }));
} finally {
  await browser.close();
}
