import { playPart } from './rooms.ts'

await playPart('hostile', 1, 3)
