// The page that plays a recording: unlock, check what is there, and play it. Plaintext stays in this page's memory.
import { PagePart } from "../page.mjs";
import { startUnlock } from "../keys/unlock.mjs";
import { sentence, Trouble } from "../trouble.mjs";
import { WorkerClient } from "../worker-client.mjs";
import { clock } from "./clock.mjs";
import { Controls } from "./controls.mjs";
import { Deck } from "./deck.mjs";
import { playable } from "./lane.mjs";
import { findEnds, readManifest } from "./manifest.mjs";
import { startNotes } from "./notes.mjs";
import { Player } from "./player.mjs";
import { Problems } from "./problems.mjs";
import { Tiles } from "./tiles.mjs";

export async function startPlay(root, startDownloads) {
  const part = new PagePart(root);
  const { dataset } = root;
  let manifest;
  try {
    manifest = await fetchManifest(dataset);
  } catch (error) {
    part.fail(error);
    return;
  }
  await startUnlock(document.querySelector("[data-unlock]"), async (identity) => {
    const vault = new WorkerClient(dataset.worker);
    const opened = await vault.call("open", { secret: identity, base: `${dataset.base}/files`, tracks: manifest.tracks });
    if (opened.length && opened.every((one) => one.problems.some(({ code }) => code === "wrong-key"))) {
      vault.end();
      throw new Trouble("wrong-key");
    }
    await show(part, vault, manifest, opened, startDownloads);
  });
}

async function fetchManifest(dataset) {
  const answer = await fetch(`${dataset.base}/manifest`, { headers: { Accept: "application/json" }, cache: "no-store" });
  if (answer.status === 401) throw new Trouble("confirm-again");
  if (!answer.ok) throw new Trouble("manifest-missing");
  return readManifest(new Uint8Array(await answer.arrayBuffer()), dataset.head);
}

async function show(part, vault, manifest, opened, startDownloads) {
  findEnds(manifest, opened);
  const tiles = new Tiles(part.one("tiles"), part.root.querySelector("template"), part.texts);
  const problems = new Problems(part);
  const tell = (track, problem) => {
    problems.add(tiles.nameOf(track), problem);
    player.pause();
  };
  const decks = manifest.tracks.map((track) => deckOf(track, opened, vault, tiles, (problem) => tell(track, problem)));
  for (const one of manifest.problems) problems.add("", one);
  for (const one of opened) {
    const track = manifest.tracks.find(({ file }) => file === one.file);
    for (const problem of one.problems) problems.add(tiles.nameOf(track), problem);
  }
  const plays = manifest.tracks.every(playable);
  const player = new Player(plays ? decks.filter(({ size }) => size > 0) : [], manifest.length, () => {
    controls.show();
    tiles.show(decks, player.position);
    if (player.failure) part.fail(player.failure);
    player.failure = null;
  });
  const controls = new Controls(part, player, marksOf(manifest, tiles, part.texts));
  part.one("player").hidden = false;
  part.one("player").focus();
  await startNotes(part, vault, player);
  await startDownloads(part, vault, manifest, opened, tiles);
  if (!plays) {
    part.fail(new Trouble("browser-cannot-play"));
    return;
  }
  problems.consent(Problems.serious([...manifest.problems, ...opened.flatMap((one) => one.problems)])).then(() => {
    part.one("controls").hidden = false;
    player.seek(0);
  });
}

function deckOf(track, opened, vault, tiles, tell) {
  const { size } = opened.find((one) => one.file === track.file);
  const read = (start, end) => vault.call("read", { file: track.file, start, end });
  const at = (ms) => clock(track.startMs + ms);
  return new Deck(track, size, tiles.lanesFor(track), read, {
    damage: (trouble, from, to) => tell({ code: "left-out", detail: { from: at(from), to: at(to), why: sentence(tiles.texts, trouble) } }),
    refused: (kind, why) => tell({ code: `refused-${kind}`, detail: { why } }),
  });
}

function marksOf(manifest, tiles, texts) {
  const pauses = manifest.pauses.map((one) => ({ ...one, kind: "pause", text: texts["mark-pause"] }));
  const gaps = manifest.tracks.flatMap((track) =>
    track.gaps.map((one) => ({ ...one, kind: "gap", text: texts["mark-gap"].replace("{name}", tiles.nameOf(track)) })),
  );
  return [...pauses, ...gaps].sort((one, other) => one.from - other.from);
}
