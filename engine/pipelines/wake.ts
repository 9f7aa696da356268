/** A bell for one sleeper: `ring` ends the present wait, or the next one when nobody waits now. */
export class Wake {
  #rung = false
  #resolve: (() => void) | undefined

  ring(): void {
    if (this.#resolve === undefined) {
      this.#rung = true
      return
    }
    const resolve = this.#resolve
    this.#resolve = undefined
    resolve()
  }

  wait(): Promise<void> {
    if (this.#rung) {
      this.#rung = false
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      this.#resolve = resolve
    })
  }
}
