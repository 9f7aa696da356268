/** Builds the Kubernetes binaries that the tests of this folder need, where they are missing. */
import { buildBinaries } from './binaries.ts'

buildBinaries()
