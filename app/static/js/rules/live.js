// The count beside the rules while somebody writes: asked after 400 ms of rest, the former question stopped.
const REST = 400
const BUSY = 300

export class Live {
  // `told` gets the problems of each answer; `hit` is called when the counts of single conditions have come.
  constructor(page, told, hit) {
    Object.assign(this, { page, told, hit })
    this.token = [...crypto.getRandomValues(new Uint8Array(8))].map(byte => byte.toString(16).padStart(2, '0')).join('')
    this.number = 0
    this.known = new Map()
  }

  ask(text, conditions) {
    clearTimeout(this.timer)
    this.asking?.abort()
    this.timer = setTimeout(() => this.#ask(text, conditions), REST)
  }

  // Nothing to ask about: what was said before no longer holds.
  rest(words) {
    clearTimeout(this.timer)
    this.asking?.abort()
    for (const name of ['change', 'said', 'sample', 'sql']) this.#part(name).replaceChildren()
    this.#say('Customers now', words)
  }

  async again(text) {
    const answer = await this.#post('/sample', { rules: text })
    if (answer?.ok) this.page.querySelector('[data-people]').outerHTML = await answer.text()
  }

  async #ask(text, conditions) {
    const mine = this.asking = new AbortController()
    const busy = setTimeout(() => this.#busy(true), BUSY)
    try {
      const answer = await this.#post('', { rules: text }, mine.signal)
      if (answer?.ok) this.#show(await answer.text())
      else this.#fail(answer)
    } finally {
      clearTimeout(busy)
      if (this.asking === mine) this.#busy(false)
    }
    if (!mine.signal.aborted) await this.#count(conditions, mine.signal)
  }

  async #count(conditions, signal) {
    const wanted = [...new Set(conditions.map(one => JSON.stringify(one)))].filter(one => !this.known.has(one))
    if (wanted.length) {
      const answer = await this.#post('/hits', { conditions: `[${wanted.join(',')}]` }, signal)
      if (!answer?.ok) return
      const { hits, cap } = await answer.json().catch(() => ({ hits: [] }))
      hits.forEach((count, n) => this.known.set(wanted[n], count === null ? '–' : count > cap ? `${cap.toLocaleString('en')}+` : count.toLocaleString('en')))
    }
    this.hit(raw => this.known.get(JSON.stringify(raw)))
  }

  // Undefined where a newer question has taken its place, or nobody answers.
  async #post(path, said, signal) {
    const body = new URLSearchParams({ ...said, page: this.token, number: ++this.number, segment: this.page.dataset.segment })
    const headers = { ...JSON.parse(document.body.getAttribute('hx-headers')), 'HX-Request': 'true' }
    try {
      return await fetch(this.page.dataset.preview + path, { method: 'POST', body, headers, signal })
    } catch (error) {
      if (error.name !== 'AbortError') return { ok: false, status: 0 }
      return undefined
    }
  }

  #show(html) {
    const answer = new DOMParser().parseFromString(html, 'text/html')
    for (const part of answer.querySelectorAll('[data-live]')) this.#part(part.dataset.live).replaceChildren(...part.childNodes)
    this.told([...this.page.querySelectorAll('[data-live] [data-problem]')]
      .map(one => ({ path: one.dataset.problem, message: one.dataset.said })))
  }

  #fail(answer) {
    if (!answer) return
    const said = { 0: 'The server does not answer. They are counted again with your next change.', 401: 'You were signed out. Sign in in another tab; your rules stay here.' }
    this.rest(said[answer.status] ?? 'They could not be counted. Try again with your next change.')
  }

  #say(title, words) {
    const heading = Object.assign(document.createElement('h2'), { textContent: title })
    const line = Object.assign(document.createElement('p'), { className: 'sub small', textContent: words })
    const card = Object.assign(document.createElement('section'), { className: 'card pad' })
    card.append(heading, line)
    this.#part('count').replaceChildren(card)
  }

  #busy(on) { this.#part('count').toggleAttribute('data-busy', on) }
  #part(name) { return this.page.querySelector(`[data-live=${name}]`) }
}
