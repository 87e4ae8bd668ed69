// data-drops: files that are chosen or dropped go one by one, each with a line that shows how far it is and a way to stop.
// What comes back is shown below and asks for a text; without script the form sends them all.
const zone = document.querySelector('[data-drops]')

if (zone) {
  const input = zone.querySelector('input[type=file]')
  const [list, said] = [zone.querySelector('[data-sends]'), zone.querySelector('[data-said]')]
  const waiting = []
  let isBusy = false
  let sent = 0

  const part = (tag, className, text = '') => {
    const made = document.createElement(tag)
    made.className = className
    made.textContent = text
    return made
  }
  const line = file => {
    const row = part('li', 'send')
    const bar = part('progress', 'progress')
    const stop = part('button', 'btn btn-sm', 'Cancel')
    bar.max = 1
    bar.setAttribute('aria-label', file.name)
    stop.type = 'button'
    row.append(part('span', 'cut grow', file.name), bar, stop)
    list.append(row)
    return { file, row, bar, stop }
  }
  const refuse = (one, why) => {
    one.row.classList.add('tone', 'bad')
    one.bar.replaceWith(part('span', 'tiny', why))
    one.stop.remove()
  }
  const send = one => new Promise(resolve => {
    const body = new FormData()
    const call = new XMLHttpRequest()
    body.append('files', one.file)
    call.open('POST', zone.action)
    call.setRequestHeader('HX-Request', 'true')
    call.setRequestHeader('X-CSRFToken', zone.elements.csrf_token.value)
    call.upload.onprogress = event => { if (event.lengthComputable) one.bar.value = event.loaded / event.total }
    call.upload.onload = () => one.bar.removeAttribute('value') // it is being drawn
    call.onload = () => {
      const isShown = call.status === 200 || call.status === 422
      if (isShown) {
        one.row.remove()
        window.htmx.swap('#uploaded', call.responseText, { swapStyle: 'beforeend' })
        sent += 1
      } else refuse(one, call.status === 413 ? 'It is too large.' : `It was not taken (${call.status}). Try again.`)
      resolve()
    }
    call.onerror = () => { refuse(one, 'The connection broke. Try again.'); resolve() }
    call.onabort = () => { one.row.remove(); resolve() }
    one.stop.onclick = () => call.abort()
    call.send(body)
  })
  const work = async () => {
    if (isBusy) return
    isBusy = true
    sent = 0
    while (waiting.length) await send(waiting.shift())
    isBusy = false
    said.textContent = sent ? `${sent === 1 ? 'One file has' : `${sent} files have`} arrived. Please say below what they show.` : ''
    if (sent) window.htmx.trigger(document.body, 'media-changed')
  }
  const take = files => {
    for (const file of files) {
      const one = line(file)
      one.stop.onclick = () => { waiting.splice(waiting.indexOf(one), 1); one.row.remove() }
      if (file.size > Number(zone.dataset.largest)) refuse(one, `It is larger than ${zone.dataset.largestSaid}.`)
      else waiting.push(one)
    }
    work()
  }

  input.addEventListener('change', () => {
    take([...input.files])
    input.value = ''
  })
  for (const kind of ['dragover', 'dragleave', 'drop']) {
    input.addEventListener(kind, () => input.classList.toggle('is-over', kind === 'dragover'))
  }
  addEventListener('beforeunload', event => { if (isBusy) event.preventDefault() })
}
