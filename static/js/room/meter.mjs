// How loud the microphone is, from 0 to 100, many times a second.
const EVERY_MS = 80;

export function loudness(samples) {
  let sum = 0;
  for (const one of samples) sum += one * one;
  const decibels = 20 * Math.log10(Math.sqrt(sum / samples.length) || 1e-6);
  return Math.round(Math.min(100, Math.max(0, (decibels + 60) * 2)));
}

export class Meter {
  constructor(stream, show) {
    this.context = new AudioContext();
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 1024;
    this.context.createMediaStreamSource(new MediaStream(stream.getAudioTracks())).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      show(loudness(samples));
    }, EVERY_MS);
  }

  stop() {
    clearInterval(this.timer);
    this.context.close();
  }
}
