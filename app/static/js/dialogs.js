// data-opens="id" opens that dialog (a link with it leads, without script, to a page that asks the same);
// data-closes closes the one it stands in.
document.addEventListener('click', event => {
  const opener = event.target.closest('[data-opens]')
  if (opener) {
    event.preventDefault()
    document.getElementById(opener.dataset.opens).showModal()
  }
  event.target.closest('[data-closes]')?.closest('dialog').close()
})
