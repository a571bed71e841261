// A device that is notified, made of Node's own cryptography and http_ece: nothing of ours.
//   node device.mjs make             prints the keys of a new device
//   node device.mjs read             reads {device, body, authorization, key} as JSON and prints what the message says
import { createECDH, createPublicKey, randomBytes, verify } from "node:crypto"
import { readFileSync } from "node:fs"
import ece from "http_ece"

const url = (bytes) => bytes.toString("base64url")

function make() {
  const keys = createECDH("prime256v1")
  keys.generateKeys()
  return { private: url(keys.getPrivateKey()), p256dh: url(keys.getPublicKey()), auth: url(randomBytes(16)) }
}

/** The claims of a VAPID token (RFC 8292), if it is signed with `key`. */
function claims(authorization, key) {
  const [, token, stated] = /^vapid t=([^,]+), k=(.+)$/.exec(authorization)
  if (stated !== key) throw new Error("another key than the one browsers know")
  const point = Buffer.from(key, "base64url")
  const jwk = { kty: "EC", crv: "P-256", x: url(point.subarray(1, 33)), y: url(point.subarray(33)) }
  const [head, body, signature] = token.split(".")
  const good = verify("sha256", Buffer.from(`${head}.${body}`), { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64url"))
  if (!good) throw new Error("the token's signature does not hold")
  return JSON.parse(Buffer.from(body, "base64url").toString())
}

function read({ device, body, authorization, key }) {
  const privateKey = createECDH("prime256v1")
  privateKey.setPrivateKey(Buffer.from(device.private, "base64url"))
  const text = ece.decrypt(Buffer.from(body, "base64"), { version: "aes128gcm", privateKey, authSecret: device.auth })
  return { says: JSON.parse(text.toString()), claims: claims(authorization, key) }
}

const answer = process.argv[2] === "make" ? make() : read(JSON.parse(readFileSync(0, "utf8")))
console.log(JSON.stringify(answer))
