// The least that a browser does in a room, by docs/rooms-protocol.md. Tests look at window.room.
import { offerFrom } from './offer.mjs'

const query = new URL(location).searchParams
const person = query.get('person')
const shares = person.startsWith('i')

const room = {
  events: [], snapshot: null, state: 'new', joins: 0, firstFrame: null, clicked: null, answered: null, connected: null,
  told: true,
}
window.room = room

const BARS = 16

// A picture of white and black bars, which say its number, and a sound that begins once a second.
function counted () {
  const canvas = document.createElement('canvas')
  Object.assign(canvas, { width: 640, height: 480 })
  const paper = canvas.getContext('2d')
  const sound = new AudioContext({ latencyHint: 'interactive' })
  const gain = new GainNode(sound, { gain: 0 })
  const tone = new OscillatorNode(sound, { frequency: 1000 })
  const out = new MediaStreamAudioDestinationNode(sound)
  tone.connect(gain).connect(out)
  tone.start()
  let loud = false, number = 0
  setInterval(() => {
    const now = sound.currentTime % 1 < 0.2
    if (now !== loud) gain.gain.setValueAtTime(now ? 0.8 : 0, sound.currentTime)
    loud = now
    number = (number + 1) % 2 ** BARS
    for (let bar = 0; bar < BARS; bar++) {
      paper.fillStyle = number >> bar & 1 ? '#fff' : '#000'
      paper.fillRect(640 / BARS * bar, 0, 640 / BARS, 480)
    }
  }, 10)
  const stream = new MediaStream([...canvas.captureStream(30).getTracks(), ...out.stream.getTracks()])
  watch(stream)
  return stream
}

// When pictures and beeps were sent, as the browser itself stamps the stream: on a busy machine its sound and picture are
// apart before they leave it. The stamps of sound and picture have clocks of their own, so each is tied to the page's
// clock by what reached us fastest.
function watch (stream) {
  const track = kind => stream.getTracks().find(one => one.kind === kind).clone()
  const small = new OffscreenCanvas(10 * BARS, 4).getContext('2d', { willReadFrequently: true })
  const pictures = each(track('video'), frame => {
    small.drawImage(frame, 0, 0, 10 * BARS, 4)
    const row = small.getImageData(0, 2, 10 * BARS, 1).data
    let number = 0
    for (let bar = 0; bar < BARS; bar++) number |= (row[4 * (10 * bar + 5)] > 128) << bar
    return { after: 0, number }
  })
  let quiet = 0
  const beeps = each(track('audio'), data => {
    const samples = new Float32Array(data.numberOfFrames)
    data.copyTo(samples, { planeIndex: 0, format: 'f32-planar' })
    let begun = null
    for (const [at, one] of samples.entries()) {
      const loud = Math.abs(one) > 0.06
      if (loud && quiet > data.sampleRate / 5) begun = { after: at / data.sampleRate }
      quiet = loud ? 0 : quiet + 1
    }
    return begun
  })
  room.sent = () => ({ pictures: pictures().map(one => [one.number, one.at]), beeps: beeps().map(one => one.at) })
}

// Calls `begins` for each frame of the track; it tells what begins, and how many seconds `after` the frame's start, or
// null. Gives a function that gives those with their moments, `at`, in seconds since 1970.
function each (track, begins) {
  const found = []
  let late = Infinity
  new MediaStreamTrackProcessor({ track }).readable.pipeTo(new WritableStream({
    write (frame) {
      const at = frame.timestamp / 1e6
      late = Math.min(late, (performance.timeOrigin + performance.now()) / 1e3 - at)
      const what = begins(frame)
      if (what) found.push({ ...what, at: at + what.after })
      frame.close()
    },
  }))
  return () => found.map(one => ({ ...one, at: one.at + late }))
}

async function media () {
  if (query.get('media') === 'none') return null
  if (query.get('media') === 'counted') return counted()
  return await navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: false, autoGainControl: false, noiseSuppression: false },
    video: query.get('media') === 'audio' ? false : { width: 640, height: 480, frameRate: 30 },
  })
}

function element (kind, slot) {
  let one = document.getElementById(kind + slot)
  if (!one) {
    one = document.createElement(kind)
    one.id = kind + slot
    one.autoplay = true
    one.playsInline = true
    document.getElementById('slots').append(one)
  }
  return one
}

room.join = async () => {
  room.joins += 1
  room.clicked = performance.now()
  const servers = JSON.parse(query.get('servers') || '[]')
  const peer = new RTCPeerConnection({
    bundlePolicy: 'max-bundle', iceServers: servers, iceTransportPolicy: servers.length ? 'relay' : 'all',
  })
  const track = kind => room.stream?.getTracks().find(one => one.kind === kind)
  for (const kind of ['audio', 'video']) peer.addTransceiver(track(kind) || kind, { direction: 'sendonly', streams: room.stream ? [room.stream] : [] })
  for (let slot = 0; slot < 4; slot++) for (const kind of ['audio', 'video']) peer.addTransceiver(kind, { direction: 'recvonly' })
  if (shares) for (const kind of ['audio', 'video']) peer.addTransceiver(kind, { direction: 'sendonly' })
  const channel = peer.createDataChannel('room')
  channel.onmessage = event => heard(JSON.parse(event.data))
  channel.onopen = () => {
    room.state = 'open'
    room.say({ type: 'state', microphone: !!track('audio'), camera: !!track('video') })
    for (const message of asked.values()) room.say(message)
  }
  channel.onclose = () => { if (room.channel === channel) again() }
  peer.onconnectionstatechange = () => {
    if (peer.connectionState === 'connected') room.connected = performance.now()
    if (peer.connectionState === 'failed' && room.peer === peer) again()
  }
  peer.ontrack = event => {
    const at = peer.getTransceivers().indexOf(event.transceiver)
    const slot = Math.floor((at - 2) / 2)
    const shown = element(event.track.kind, slot)
    shown.muted = event.track.kind === 'video'
    shown.srcObject = new MediaStream([event.track])
    if (event.track.kind === 'video') {
      shown.requestVideoFrameCallback(() => { room.firstFrame ??= performance.now() })
    }
  }
  const sdp = await offerFrom(peer)
  const answer = await fetch(`/join?room=${query.get('room')}&person=${person}`, {
    method: 'POST', body: JSON.stringify({ type: 'offer', sdp }), signal: AbortSignal.timeout(3000),
  })
  const body = await answer.json()
  if (!answer.ok) { room.refused = body.error; throw new Error(body.error) }
  room.answered = performance.now()
  room.peer?.close()
  room.peer = peer
  room.channel = channel
  bytes = 0
  grown = performance.now()
  await peer.setRemoteDescription(body.answer)
}

// Something comes every second. When nothing did for three, join anew, but keep the old connection until a new one has
// its answer: the network may be back first.
let trying = false
async function again () {
  if (trying || room.state === 'ended') return
  trying = true
  room.state = 'lost'
  while (room.state === 'lost') {
    await room.join().catch(() => {})
    await new Promise(resolve => setTimeout(resolve, 500))
  }
  trying = false
}

let bytes = 0
let grown = performance.now()
setInterval(async () => {
  if (!room.peer || room.state === 'ended') return
  const stats = await room.peer.getStats().catch(() => [])
  for (const one of stats.values()) {
    if (one.type !== 'transport' || one.bytesReceived === bytes) continue
    bytes = one.bytesReceived
    grown = performance.now()
    if (room.state === 'lost' && room.channel?.readyState === 'open') room.state = 'open'
  }
  if (room.state === 'open' && performance.now() - grown > 3000) again()
}, 500)

function heard (message) {
  room.events.push(message)
  if (['done', 'refused'].includes(message.type)) asked.delete(message.id)
  if (message.type === 'room') {
    room.snapshot = message
    const { notice, state } = message.recording
    if (room.told && notice && state !== 'off') room.say({ type: 'told', notice })
  }
  if (message.type === 'announcement' && message.notice && room.told) room.say({ type: 'told', notice: message.notice })
  if (message.type === 'ended' && message.reason !== 'replaced') room.state = 'ended'
}

room.say = message => { if (room.channel?.readyState === 'open') room.channel.send(JSON.stringify(message)) }

// Said again over the next connection until it is answered.
const asked = new Map()
room.ask = message => {
  const named = { ...message, id: crypto.randomUUID() }
  asked.set(named.id, named)
  room.say(named)
}

room.frames = async slot => {
  const shown = document.getElementById('video' + slot)
  return shown?.getVideoPlaybackQuality().totalVideoFrames ?? 0
}

// By the pair that the transport uses: media may flow on it before the browser counts it as nominated.
room.way = async () => {
  const stats = await room.peer.getStats()
  const transport = [...stats.values()].find(one => one.type === 'transport')
  const pair = stats.get(transport?.selectedCandidatePairId)
  return stats.get(pair?.localCandidateId)?.candidateType
}

room.heardAudio = async slot => {
  const transceiver = room.peer.getTransceivers()[2 + 2 * slot]
  const stats = await transceiver.receiver.getStats()
  for (const one of stats.values()) if (one.type === 'inbound-rtp') return { packets: one.packetsReceived, lost: one.packetsLost, energy: one.totalAudioEnergy }
  return { packets: 0, lost: 0, energy: 0 } // nothing came yet
}

room.stream = await media()
room.ready = true
if (query.get('wait') !== 'yes') await room.join()
