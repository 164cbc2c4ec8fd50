"""`python -m ape_switchgear` prepares the tools as every `ape` command does, and says which they are."""

import shutil

from ape_switchgear import toolchain

checkout = toolchain.find_checkout()
if checkout is None:
    raise SystemExit("Not in a checkout of Switchgear: nothing to prepare.")
print(f"solc   {toolchain.find_solc(checkout) or 'none: run make install'}")
for tool in ("anvil", "forge", "cast"):
    print(f"{tool:6} {shutil.which(tool) or 'none: install Foundry, and run make install again'}")
