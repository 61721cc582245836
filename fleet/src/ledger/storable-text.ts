/** NUL and halves of pairs, which PostgreSQL takes neither in texts nor in JSON. */
const unstorable = /\0|\p{Cs}/gu

/** As PostgreSQL can store it. */
export function storable(text: string): string {
  return text.replace(unstorable, '\ufffd')
}

/** JSON whose texts PostgreSQL can store. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'string' ? storable(inner) : inner))
}
