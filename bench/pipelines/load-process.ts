/** Posts a document of so many bytes to an address so often, from so many connections: `ADDRESS COUNT BYTES CONNECTIONS`. */
import { Pool } from 'undici'
import { orderText } from '../bloblang/documents.ts'

const [address = '', count = '0', bytes = '0', connections = '1'] = process.argv.slice(2)
const { origin, pathname } = new URL(address)
const pool = new Pool(origin, { connections: Number(connections) })
const body = orderText(0, Number(bytes), Number(bytes) > 200 ? 4 : 0, false)
let left = Number(count)

async function lane(): Promise<void> {
  while (left > 0) {
    left -= 1
    const answer = await pool.request({ method: 'POST', path: pathname, body })
    await answer.body.dump()
    if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode}`)
  }
}

await Promise.all(Array.from({ length: Number(connections) }, lane))
await pool.close()
