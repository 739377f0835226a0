// pinning-service.mjs TOKEN [DELEGATE]: mock-ipfs-pinning-service on a free port of the loopback,
// which it prints.
import { createServer } from 'node:http'
import service from 'mock-ipfs-pinning-service'

const [token, delegates = null] = process.argv.slice(2)
const server = createServer(await service.setup({ token, delegates, loglevel: 'error' }))
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
