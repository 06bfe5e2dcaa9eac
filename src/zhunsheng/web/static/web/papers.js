// Computes the digest of a chosen file in the browser and looks it up; the file stays on this machine.
(function() {
  "use strict";

  const place = document.getElementById("paper-file"),
    chosen = document.getElementById("held"),
    says = document.getElementById("held-says");
  place.hidden = false;
  chosen.addEventListener("change", async () => {
    const file = chosen.files[0];
    if (!file) return;
    // Browsers compute digests only over https, or on this machine.
    if (!window.crypto || !crypto.subtle) {
      says.textContent = place.dataset.wrong;
      return;
    }
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
    document.getElementById("said").value = [...digest].map((b) => b.toString(16).padStart(2, "0")).join("");
    document.getElementById("paper-form").requestSubmit();
  });
})();
