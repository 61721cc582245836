import type { RelatedPlace } from '../model/diagnostic.ts'

/** `keys/ci.yaml:12`. */
export function placeText(place: RelatedPlace): string {
  return `${place.file}:${place.line}`
}
