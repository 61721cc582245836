import type { Answer, Call } from './incoming-call.ts'
import { randomText } from './make-secret.ts'
import { fieldsOf, textField } from './validation.ts'

/** How long a URL for an upload is good, in seconds. */
const lifetime = 900

/** `POST /api/storage/presign`: a URL to put a file to. There is no storage behind a sandbox: nobody listens there. */
export function presign(call: Call): Answer {
  const fields = fieldsOf('body', call.body())
  const name = textField(fields, 'filename', { longest: 255 }) ?? 'file'
  const type = textField(fields, 'content_type', { longest: 255 }) ?? 'application/octet-stream'
  fields.finish()
  const key = `uploads/${randomText(16)}/${encodeURIComponent(name)}`
  return {
    status: 200,
    body: {
      url: `https://storage.sandbox.invalid/${key}`,
      method: 'PUT',
      headers: { 'content-type': type },
      key,
      expires_in: lifetime,
    },
  }
}
