import { Failure } from '../../../src/model/failure.ts'

/** Takes the contents of files one after the other, in pieces. */
export interface BlobSink {
  /** The next one begins; its size in bytes. */
  readonly begin: (size: number) => Promise<void>
  readonly write: (piece: Buffer) => Promise<void>
  readonly end: () => Promise<void>
}

const lineFeed = 0x0a

/** Reads what `git cat-file --batch` prints: for each object a line with its size, its content and a line break. */
export function blobReader(sink: BlobSink): (chunk: Buffer) => Promise<void> {
  let head = ''
  /** Bytes of the content that are to come; the line break after it is one more. Null: a line is being read. */
  let left: number | null = null
  return async chunk => {
    let at = 0
    while (at < chunk.length) {
      if (left === null) {
        const end = chunk.indexOf(lineFeed, at)
        head += chunk.toString('latin1', at, end < 0 ? chunk.length : end)
        if (head.length > 200) throw unreadable()
        if (end < 0) return
        at = end + 1
        const [, size] = /^[0-9a-f]+ blob (\d+)$/.exec(head) ?? []
        if (size === undefined) throw unreadable()
        head = ''
        left = Number(size)
        await sink.begin(left)
      } else if (left === 0) {
        at += 1
        left = null
        await sink.end()
      } else {
        const piece = chunk.subarray(at, at + left)
        await sink.write(piece)
        at += piece.length
        left -= piece.length
      }
    }
  }
}

function unreadable(): Failure {
  return new Failure('failed', 'git printed an object that cannot be read')
}
