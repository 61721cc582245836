// Reads all pages of keys and does nothing with them: what a listing costs at least.
import http from 'node:http'

const { FLUXLOOP_API_URL: url, FLUXLOOP_API_KEY: apiKey } = process.env
const agent = new http.Agent({ keepAlive: true })

function get(path) {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${apiKey}`, 'accept-encoding': 'identity' }
    const request = http.get(url + path, { agent, headers }, async answer => {
      let text = ''
      answer.setEncoding('utf8')
      for await (const chunk of answer) text += chunk
      resolve(JSON.parse(text))
    })
    request.on('error', reject)
  })
}

let cursor = ''
do {
  const { next_cursor } = await get(`/api/api-keys?limit=1000${cursor}`)
  cursor = next_cursor === null ? null : `&cursor=${encodeURIComponent(next_cursor)}`
} while (cursor !== null)
agent.destroy()
