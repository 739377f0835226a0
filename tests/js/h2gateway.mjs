// SPDX-License-Identifier: LGPL-2.1-or-later
// h2gateway.mjs BLOCKS.json KEY.pem CERT.pem LOG: a trustless gateway over TLS, by HTTP/2 and
// HTTP/1.1. Prints its port; writes the version of each request, and each connection, to LOG.
import { appendFileSync, readFileSync } from 'node:fs'
import { createSecureServer } from 'node:http2'

const [, , blocks, key, cert, log] = process.argv
const known = JSON.parse(readFileSync(blocks))
const server = createSecureServer({ key: readFileSync(key), cert: readFileSync(cert), allowHTTP1: true })

server.on('secureConnection', () => appendFileSync(log, 'connection\n'))
server.on('request', (request, response) => {
  const [path, query] = request.url.split('?')
  const body = query === 'format=raw' ? known[path.replace('/ipfs/', '')] : undefined
  appendFileSync(log, `request ${request.httpVersion}\n`)
  if (body === undefined) {
    response.writeHead(404)
    response.end()
    return
  }
  response.writeHead(200, { 'content-type': 'application/vnd.ipld.raw' })
  response.end(Buffer.from(body, 'base64'))
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
