// Firefox (WebDriver BiDi): unlock by passphrase, play, and tell where each person's picture and voice stand, once TOLD is said.
import puppeteer from "puppeteer-core";

const { URL: address, PASSPHRASE, SESSION, TOLD } = process.env;
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
  const seen = await page.waitForFunction((told) => {
    if (told && !document.querySelector("[data-problem-list]").textContent.includes(told)) return false;
    if (document.querySelector("[data-toggle]").textContent === "Play") document.querySelector("[data-toggle]").click();
    const media = [...document.querySelectorAll("video, audio")].map(({ tagName, currentTime }) => ({ kind: tagName.toLowerCase(), time: currentTime }));
    return media.length && media.every((one) => one.time > 1) && media;
  }, {}, TOLD);
  console.log(JSON.stringify(await seen.jsonValue()));
} finally {
  await browser.close();
}
