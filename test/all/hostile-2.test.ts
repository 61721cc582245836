import { playPart } from './rooms.ts'

await playPart('hostile', 2, 3)
