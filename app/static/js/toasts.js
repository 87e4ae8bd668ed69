// Shows the sentence of a `toast` event (HX-Trigger); good ones leave by themselves, bad ones stay until dismissed.
const shelf = document.getElementById('toasts')
const leave = line => setTimeout(() => line.remove(), 6000)

const show = (said, tone) => {
  if ([...shelf.querySelectorAll('p')].some(p => p.textContent === said)) return // a page that asks again and again says it once
  const line = document.getElementById(`toast-${tone === 'bad' ? 'bad' : 'good'}`).content.firstElementChild.cloneNode(true)
  line.querySelector('p').textContent = said
  shelf.append(line)
  if (tone !== 'bad') leave(line)
}

document.addEventListener('toast', event => show(event.detail.said, event.detail.tone))
document.addEventListener('htmx:sendError', () => show('No connection to the server. Nothing was changed.', 'bad'))
document.addEventListener('click', event => event.target.closest('[data-dismiss]')?.closest('.toast-line').remove())
shelf.querySelectorAll('.toast-line:not(.bad)').forEach(leave)
