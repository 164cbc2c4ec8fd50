"""What the scripts share. Only this subpackage needs Ape; the clients never import it."""
